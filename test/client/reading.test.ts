// A target that is read into memory is hashed at once up to 16 MiB, and above as it comes: nobody can tell by what is refused.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeDigester } from '../../adapters/node/digester.ts';
import { collectParts, type Reading } from '../../src/client/reading.ts';
import type { Part } from '../../src/layout/layout.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Call } from '../../src/options.ts';

const BOUND = 16 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** Bytes, of which each chunk is another. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i >> 12);
}

function streamOf(bytes: Uint8Array, onCancel: () => void): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at === bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + CHUNK));
        at = Math.min(at + CHUNK, bytes.length);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}

/** A part of which `signed` was signed and `sent` comes. */
function part(signed: Uint8Array, sent = signed, onCancel = () => {}): Part {
  const sha256 = createHash('sha256').update(signed).digest('hex');
  const sha512 = createHash('sha512').update(signed).digest('hex');
  return {
    digest: `sha256:${sha256}`,
    length: signed.length,
    expected: {
      length: signed.length,
      hashes: [
        ['sha256', sha256],
        ['sha512', sha512],
      ],
    },
    open: async () => streamOf(sent, onCancel),
  };
}

const reading: Reading = {
  explain: [],
  parts: async () => [],
  files: undefined,
  limits: defaultLimits,
  digester: nodeDigester,
  onPulled: async () => {},
};

function collect(parts: readonly Part[], call: Call = {}) {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  return collectParts({ name: 'demo.bin', parts, total }, reading, call);
}

/** Only how many bytes came is kept: millions of them would be shown where a test fails. */
async function lengthOf(...wanted: Parameters<typeof collect>): Promise<number> {
  return (await collect(...wanted)).length;
}

describe.each([BOUND - 1, BOUND, BOUND + 1])('a target of %i bytes', (length) => {
  const signed = bytesOf(length);
  const refused = { code: 'TARGET_MISMATCH', target: 'demo.bin', clause: '5.7.2' };

  it('is handed out where it is what was signed, and each step is told', async () => {
    const steps: number[] = [];
    const bytes = await collect([part(signed)], {
      onProgress({ target, received, total, phase }) {
        expect({ target, total, phase }).toEqual({ target: 'demo.bin', total: length, phase: 'fetch' });
        steps.push(received);
      },
    });
    expect(Buffer.compare(bytes, signed)).toBe(0);
    expect(steps).toEqual(
      Array.from({ length: Math.ceil(length / CHUNK) }, (_, i) => Math.min((i + 1) * CHUNK, length)),
    );
  });

  it.each(['first', 'last'])('is refused where the %s bit is another (ATTACKS 51)', async (which) => {
    const sent = Uint8Array.from(signed);
    const [at, bit] = which === 'first' ? [0, 0x80] : [length - 1, 1];
    sent[at] = (sent[at] ?? 0) ^ bit;
    const [expected, got] = [signed, sent].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    await expect(lengthOf([part(signed, sent)])).rejects.toMatchObject({ ...refused, expected, got });
  });

  it('is refused where its sha256 is right and its sha512 is not (ATTACKS 50)', async () => {
    const { expected, ...rest } = part(signed);
    const [sha256 = ['sha256', ''] as const] = expected.hashes;
    const wrong = { ...rest, expected: { length, hashes: [sha256, ['sha512', 'a'.repeat(128)] as const] } };
    await expect(lengthOf([wrong])).rejects.toMatchObject(refused);
  });

  it('is refused at the first byte too many, and nothing is read on (ATTACKS 50)', async () => {
    let cancelled = 0;
    const sent = new Uint8Array(length + 1 + 8 * CHUNK);
    sent.set(signed);
    await expect(lengthOf([part(signed, sent, () => cancelled++)])).rejects.toMatchObject({
      ...refused,
      expected: `${length} bytes`,
      got: 'more',
    });
    expect(cancelled).toBe(1);
  });

  it('is refused where a byte is missing (ATTACKS 50)', async () => {
    await expect(lengthOf([part(signed, signed.subarray(0, -1))])).rejects.toMatchObject({
      ...refused,
      expected: `${length} bytes`,
      got: `${length - 1}`,
    });
  });

  it('is not read on after an abort', async () => {
    const control = new AbortController();
    let cancelled = 0;
    let steps = 0;
    const aborted = lengthOf([part(signed, signed, () => cancelled++)], {
      signal: control.signal,
      onProgress: () => {
        steps++;
        control.abort('enough');
      },
    });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect([steps, cancelled]).toEqual([1, 1]);
  });
});

describe('a target of several parts', () => {
  const [small, large] = [bytesOf(1000), bytesOf(BOUND + 1)];

  it.each([
    [small, large],
    [large, small],
    [small, new Uint8Array(), small],
  ])('is one after the other', async (...signed) => {
    const bytes = await collect(signed.map((each) => part(each)));
    expect(Buffer.compare(bytes, Buffer.concat(signed))).toBe(0);
  });

  it.each([
    [small, large],
    [large, small],
  ])('is refused where one lends a byte to the next', async (first, second) => {
    const sent = Buffer.concat([first, second.subarray(0, 1)]);
    const parts = [part(first, sent), part(second, second.subarray(1))];
    await expect(lengthOf(parts)).rejects.toMatchObject({ code: 'TARGET_MISMATCH', got: 'more' });
  });

  it('is refused where two have changed places', async () => {
    const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];
    await expect(lengthOf([part(a, b), part(b, a)])).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
  });
});
