// A file is the one that was signed where its length and every known hash match (ATTACKS 50, 51).
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import { knownHashes, matchFile } from '../../src/tuf/file-info.ts';

const bytes = utf8('Hello');
const hash = async (algorithm: string) => toHex(new Uint8Array(await crypto.subtle.digest(algorithm, bytes)));
const sha256 = await hash('SHA-256');
const sha512 = await hash('SHA-512');
const [no256, no512] = ['0'.repeat(64), '0'.repeat(128)];

describe('a file matches', () => {
  it.each([
    [{ length: 5, hashes: { sha256 } }],
    [{ length: 5, hashes: { sha512 } }],
    [{ length: 5, hashes: { sha256, sha512 } }],
    [{ length: 5, hashes: { sha256, unknown: 'x' } }],
    [{ hashes: { sha256 } }],
    [{ length: 5 }],
    [{}],
  ])('%j (ATTACKS 50)', async (file) => {
    expect(await matchFile(bytes, file)).toBeUndefined();
  });
});

describe('a file does not match', () => {
  it.each([
    ['length', { length: 4, hashes: { sha256 } }, '4', '5'],
    ['length', { length: 6, hashes: { sha256 } }, '6', '5'],
    ['length', { length: 0 }, '0', '5'],
    ['sha256', { length: 5, hashes: { sha256: no256 } }, no256, sha256],
    ['sha256', { length: 5, hashes: { sha256: no256, sha512 } }, no256, sha256],
    ['sha512', { length: 5, hashes: { sha256, sha512: no512 } }, no512, sha512],
    ['sha512', { length: 5, hashes: { sha512: no512, unknown: 'x' } }, no512, sha512],
  ])('by its %s: %j (ATTACKS 51)', async (what, file, expected, got) => {
    expect(await matchFile(bytes, file)).toEqual({ what, expected, got });
  });
});

it('only known algorithms prove something, and no prototype answers for them (ATTACKS 50)', () => {
  expect(knownHashes({ sha256: 'a', sha512: 'b', md5: 'c' })).toEqual([
    ['sha256', 'a'],
    ['sha512', 'b'],
  ]);
  expect(knownHashes({ md5: 'c' })).toEqual([]);
  expect(knownHashes()).toEqual([]);
  expect(knownHashes(Object.create({ sha256: 'a' }))).toEqual([]);
});
