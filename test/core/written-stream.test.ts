import { expect, it } from 'vitest';
import { writtenStream } from '../../src/content/written-stream.ts';

const chunk = (byte: number) => Uint8Array.of(byte);

it('what is written is read, in order', async () => {
  const stream = writtenStream(async (write) => {
    for (let byte = 0; byte < 5; byte++) await write(chunk(byte));
  });
  expect([...new Uint8Array(await new Response(stream).arrayBuffer())]).toEqual([0, 1, 2, 3, 4]);
});

it('a write waits for the reader', async () => {
  let written = 0;
  const reader = writtenStream(async (write) => {
    for (let byte = 0; byte < 100; byte++) {
      await write(chunk(byte));
      written += 1;
    }
  }).getReader();
  await reader.read();
  await reader.read();
  expect(written).toBeLessThan(5);
});

it('the failure of the work is the end of the stream', async () => {
  const reader = writtenStream(async (write) => {
    await write(chunk(1));
    throw new Error('broken');
  }).getReader();
  expect((await reader.read()).value).toEqual(chunk(1));
  await expect(reader.read()).rejects.toThrow('broken');
});

it('after the reader has cancelled the next write fails, and nothing hangs', async () => {
  let ended: (error: unknown) => void = () => {};
  const end = new Promise((resolve) => {
    ended = resolve;
  });
  const stream = writtenStream(async (write) => {
    try {
      for (;;) await write(chunk(1));
    } catch (error) {
      ended(error);
      throw error;
    }
  });
  await stream.cancel();
  expect(String(await end)).toContain('cancelled');
});
