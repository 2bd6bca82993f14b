import { expect, test } from 'vitest';
import { nodeDigester } from '../../adapters/node/digester.ts';
import { toHex, utf8 } from '../../src/encoding.ts';

test('pieces give the same digest as Web Crypto gives the whole', async () => {
  for (const [ours, theirs] of [
    ['sha256', 'SHA-256'],
    ['sha512', 'SHA-512'],
  ] as const) {
    const hash = await nodeDigester.create(ours);
    for (const piece of ['', 'he', 'llo', '']) await hash.update(utf8(piece));
    const whole = await crypto.subtle.digest(theirs, utf8('hello'));
    expect(toHex(await hash.digest())).toBe(toHex(new Uint8Array(whole)));
  }
});
