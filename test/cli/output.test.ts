import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output, OutputClosed } from '../../adapters/cli/output.ts';

function sink(fail?: NodeJS.ErrnoException) {
  const chunks: Uint8Array[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      done(fail);
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

describe('the output', () => {
  it('holds lines back until the command has ended well', async () => {
    const { stream, text } = sink();
    const output = new Output(stream);
    await output.line('one');
    expect(text()).toBe('');
    await output.flush();
    expect(text()).toBe('one\n');
  });

  it('does not hold a long list in memory', async () => {
    const { stream, text } = sink();
    const output = new Output(stream);
    for (let n = 0; n < 10_000; n++) await output.line('0123456789');
    expect(text().length).toBeGreaterThan(0);
    await output.flush();
    expect(text()).toBe('0123456789\n'.repeat(10_000));
  });

  it('keeps the order of lines and bytes', async () => {
    const { stream, text } = sink();
    const output = new Output(stream);
    await output.line('digest 3');
    await output.bytes(new TextEncoder().encode('abc'));
    await output.line('digest 0');
    await output.flush();
    expect(text()).toBe('digest 3\nabcdigest 0\n');
  });

  it('writes a name on one line whatever is in it (ATTACKS 97)', async () => {
    const { stream, text } = sink();
    const output = new Output(stream);
    await output.name('a\nb');
    await output.flush();
    expect(text()).toBe('a\\u{a}b\n');
  });

  it('tells a reader that has gone from a disk that is full', async () => {
    const broken = (code: string) => new Output(sink(Object.assign(new Error(code), { code })).stream);
    await expect(broken('EPIPE').bytes(new Uint8Array(1))).rejects.toBeInstanceOf(OutputClosed);
    await expect(broken('ENOSPC').bytes(new Uint8Array(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});
