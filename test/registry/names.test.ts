import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry } from '../../src/registry/registry.ts';

describe('a name that breaks the grammar', () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    asked.push(String(input));
    return new Response();
  };
  const registry = new Registry({ place: 'registry.example.com', fetch });

  for (const name of [
    '',
    '.',
    '..',
    'a/../b',
    '../a',
    'A',
    'fred/Demo',
    'a//b',
    '/a',
    'a/',
    'a..b',
    'a___b',
    '-a',
    'a b',
    'ä',
    'a?b',
    'a#b',
    'a%2fb',
    'a\nb',
    'a'.repeat(300),
  ]) {
    it(`the repository ${JSON.stringify(name.slice(0, 20))} is refused before any request (ATTACKS 60)`, () => {
      expect(() => registry.repository(name)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    });
  }

  for (const tag of [
    '',
    '.',
    '..',
    '-a',
    'a/b',
    'a b',
    'a:b',
    'ä',
    'a?b',
    'a%2fb',
    'a\n',
    'x'.repeat(129),
    'sha256:abc',
    `sha512:${'0'.repeat(128)}`,
  ]) {
    it(`the tag ${JSON.stringify(tag.slice(0, 20))} is refused before any request (ATTACKS 60)`, async () => {
      const { manifests } = registry.repository('a');
      await expect(manifests.fetch(tag)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(pushManifest(manifests, tag, utf8('{}'), ociManifestType)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(asked).toEqual([]);
    });
  }

  for (const place of [
    '',
    'a b',
    'user@host',
    'user:secret@host',
    'host/path',
    'host\\path',
    'host?x',
    'host#x',
    'host:99999',
    'host:',
    'ftp://host',
    'oci:folder',
    'https://',
    'https://host/v2',
    'https://user:secret@host',
    'a..b',
    '[::1',
    '\u0000',
  ]) {
    it(`the place ${JSON.stringify(place)} is refused (ATTACKS 60)`, () => {
      expect(() => new Registry({ place, fetch })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
      expect(() => new Registry({ place, fetch })).not.toThrow(
        expect.objectContaining({ got: expect.stringContaining('secret') }),
      );
    });
  }

  for (const [place, insecure, origin] of [
    ['registry.example.com', false, 'https://registry.example.com'],
    ['registry.example.com:5000', false, 'https://registry.example.com:5000'],
    ['registry.example.com:5000', true, 'http://registry.example.com:5000'],
    ['https://registry.example.com', true, 'https://registry.example.com'],
    ['http://registry.example.com/', false, 'http://registry.example.com'],
    ['localhost:5000', false, 'http://localhost:5000'],
    ['127.9.9.9', false, 'http://127.9.9.9'],
    ['[::1]:5000', false, 'http://[::1]:5000'],
    ['https://localhost:5000', false, 'https://localhost:5000'],
  ] as const) {
    it(`the place ${place}${insecure ? ', insecure,' : ''} is ${origin}`, async () => {
      asked.length = 0;
      await new Registry({ place, insecure, fetch }).repository('a').manifests.fetch('b');
      expect(asked).toEqual([`${origin}/v2/a/manifests/b`]);
      asked.length = 0;
    });
  }
});
