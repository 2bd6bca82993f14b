// A target that is read into memory is hashed at once up to 16 MiB, and above as it comes: nobody can tell by what is refused.
import { describe, expect, it } from 'vitest';
import { collectParts, type Reading } from '../../src/client/reading.ts';
import { concatenate } from '../../src/concatenate.ts';
import { portableDigester } from '../../src/content/digester.ts';
import { digestHex } from '../../src/digest-hex.ts';
import type { Part } from '../../src/layout/layout.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Call } from '../../src/options.ts';
import type { Bytes } from '../../src/ports.ts';

const BOUND = 16 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** Bytes, of which each chunk is another. */
function bytesOf(length: number): Bytes {
  return new Uint8Array(length).map((_, i) => i >> 12);
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

const sha256 = (bytes: Bytes) => digestHex('sha256', bytes);

/** A part of which `signed` was signed and `sent` comes. */
async function part(signed: Bytes, sent: Uint8Array = signed, onCancel = () => {}): Promise<Part> {
  const digest = await sha256(signed);
  return {
    digest: `sha256:${digest}`,
    length: signed.length,
    expected: { length: signed.length, hashes: [['sha256', digest]] },
    open: async () => streamOf(sent, onCancel),
  };
}

const reading: Reading = {
  explain: [],
  parts: async () => [],
  files: undefined,
  limits: defaultLimits,
  digester: portableDigester,
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
  const refused = { code: 'TARGET_MISMATCH', target: 'demo.bin', clause: '5.7.2' };

  it('is handed out where it is what was signed, and each step is told', async () => {
    const signed = bytesOf(length);
    const steps: number[] = [];
    const bytes = await collect([await part(signed)], {
      onProgress({ target, received, total, phase }) {
        expect({ target, total, phase }).toEqual({ target: 'demo.bin', total: length, phase: 'fetch' });
        steps.push(received);
      },
    });
    expect(await sha256(bytes)).toBe(await sha256(signed));
    expect(steps).toEqual(
      Array.from({ length: Math.ceil(length / CHUNK) }, (_, i) => Math.min((i + 1) * CHUNK, length)),
    );
  });

  it.each(['first', 'last'])('is refused where the %s bit is another (ATTACKS 51)', async (which) => {
    const signed = bytesOf(length);
    const sent = Uint8Array.from(signed);
    const [at, bit] = which === 'first' ? [0, 0x80] : [length - 1, 1];
    sent[at] = (sent[at] ?? 0) ^ bit;
    const [expected, got] = [await sha256(signed), await sha256(sent)];
    await expect(lengthOf([await part(signed, sent)])).rejects.toMatchObject({ ...refused, expected, got });
  });

  it('is refused where its sha256 is right and its sha512 is not (ATTACKS 50)', async () => {
    const { expected, ...rest } = await part(bytesOf(length));
    const wrong = {
      ...rest,
      expected: { length, hashes: [...expected.hashes, ['sha512', 'a'.repeat(128)] as const] },
    };
    await expect(lengthOf([wrong])).rejects.toMatchObject(refused);
  });

  it('is refused at the first byte too many, and nothing is read on (ATTACKS 50)', async () => {
    const signed = bytesOf(length);
    let cancelled = 0;
    const sent = new Uint8Array(length + 1 + 8 * CHUNK);
    sent.set(signed);
    await expect(lengthOf([await part(signed, sent, () => cancelled++)])).rejects.toMatchObject({
      ...refused,
      expected: `${length} bytes`,
      got: 'more',
    });
    expect(cancelled).toBe(1);
  });

  it('is refused where a byte is missing (ATTACKS 50)', async () => {
    const signed = bytesOf(length);
    await expect(lengthOf([await part(signed, signed.subarray(0, -1))])).rejects.toMatchObject({
      ...refused,
      expected: `${length} bytes`,
      got: `${length - 1}`,
    });
  });

  it('is not read on after an abort', async () => {
    const signed = bytesOf(length);
    const control = new AbortController();
    let cancelled = 0;
    let steps = 0;
    const aborted = lengthOf([await part(signed, signed, () => cancelled++)], {
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
  const [small, large] = [1000, BOUND + 1];

  it.each([
    [small, large],
    [large, small],
    [small, 0, small],
  ])('is one after the other', async (...lengths) => {
    const signed = lengths.map(bytesOf);
    const bytes = await collect(await Promise.all(signed.map((each) => part(each))));
    expect(await sha256(bytes)).toBe(await sha256(concatenate(signed, bytes.length)));
  });

  it.each([
    [small, large],
    [large, small],
  ])('is refused where one lends a byte to the next', async (length, next) => {
    const [first, second] = [bytesOf(length), bytesOf(next)];
    const sent = concatenate([first, second.subarray(0, 1)], length + 1);
    const parts = [await part(first, sent), await part(second, second.subarray(1))];
    await expect(lengthOf(parts)).rejects.toMatchObject({ code: 'TARGET_MISMATCH', got: 'more' });
  });

  it('is refused where two have changed places', async () => {
    const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];
    const parts = [await part(a, b), await part(b, a)];
    await expect(lengthOf(parts)).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
  });
});
