import { describe, expect, it } from 'vitest';
import { portableDigester } from '../../src/content/digester.ts';
import { toHex } from '../../src/encoding.ts';

const megabytes = (count: number) =>
  Uint8Array.from({ length: count * 1024 * 1024 }, (_, i) => (i * 31) & 255);

describe('the portable digester', () => {
  it.each([
    ['sha256', 'SHA-256'],
    ['sha512', 'SHA-512'],
  ] as const)('has the %s of Web Crypto, whatever the pieces are', async (algorithm, name) => {
    const bytes = megabytes(1);
    const hash = await portableDigester.create(algorithm);
    for (const [start, end] of [
      [0, 0],
      [0, 1],
      [1, 300_001],
      [300_001, bytes.length],
    ])
      await hash.update(bytes.subarray(start, end));
    const whole = new Uint8Array(await crypto.subtle.digest(name, bytes));
    expect(toHex(await hash.digest())).toBe(toHex(whole));
  });

  it('lets others have the thread, though all of the data is at hand', async () => {
    const hash = await portableDigester.create('sha256');
    let turns = 0;
    const { port1, port2 } = new MessageChannel();
    // Another's task that wants its turn again and again.
    port1.onmessage = () => {
      turns += 1;
      port2.postMessage(undefined);
    };
    port2.postMessage(undefined);
    const chunk = megabytes(16);
    const started = performance.now();
    await hash.update(chunk);
    const took = performance.now() - started;
    port1.close();
    // Of 16 MB each engine makes many times 8 ms; half as many turns are enough to tell that it was let in.
    expect(turns).toBeGreaterThan(Math.min(4, Math.floor(took / 16)));
  });
});
