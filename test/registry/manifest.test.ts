import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { defaultLimits } from '../../src/limits.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { inlineData } from '../../src/registry/descriptor.ts';
import { ociManifestType, parseImageManifest } from '../../src/registry/manifest.ts';
import { writeManifest } from '../../src/registry/write-manifest.ts';
import { imageOf } from './suite.ts';

describe('a manifest that lies', () => {
  const layer = { mediaType: 'application/x', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
  const parse = (change: object): unknown => {
    const whole = JSON.parse(new TextDecoder().decode(imageOf([]))) as object;
    return parseImageManifest(writeManifest({ ...whole, ...change }), { ...defaultLimits, layers: 3 });
  };

  for (const [what, change, code] of [
    ['a negative size', { layers: [{ ...layer, size: -1 }] }, 'REGISTRY_FAILED'],
    ['a size of half a byte', { layers: [{ ...layer, size: 0.5 }] }, 'NOT_A_REPOSITORY'],
    ['a size as text', { layers: [{ ...layer, size: '1' }] }, 'REGISTRY_FAILED'],
    ['a size of 2^53', { layers: [{ ...layer, size: 2 ** 53 }] }, 'NOT_A_REPOSITORY'],
    ['a digest that is a path', { layers: [{ ...layer, digest: 'sha256:../../x' }] }, 'REGISTRY_FAILED'],
    ['an annotation that is no text', { layers: [{ ...layer, annotations: { a: 1 } }] }, 'REGISTRY_FAILED'],
    ['too many layers', { layers: [layer, layer, layer, layer] }, 'LIMIT_EXCEEDED'],
    ['no config', { config: null }, 'REGISTRY_FAILED'],
    ['layers that are no list', { layers: {} }, 'REGISTRY_FAILED'],
    ['another schema version', { schemaVersion: 1 }, 'REGISTRY_FAILED'],
    ['an index within itself', { manifests: [] }, 'NOT_A_REPOSITORY'],
    ['another type', { mediaType: 'application/vnd.example' }, 'NOT_A_REPOSITORY'],
  ] as const) {
    it(`with ${what} is ${code} (ATTACKS 53)`, () => {
      expect(() => parse(change)).toThrow(expect.objectContaining({ code }));
    });
  }

  for (const [what, text, code] of [
    ['nothing', '', 'NOT_A_REPOSITORY'],
    ['HTML', '<html>', 'NOT_A_REPOSITORY'],
    ['a list', '[]', 'NOT_A_REPOSITORY'],
    ['four million brackets', '['.repeat(4_000_000), 'NOT_A_REPOSITORY'],
    ['more bytes than the limit', ' '.repeat(4 * 1024 * 1024 + 1), 'LIMIT_EXCEEDED'],
  ] as const) {
    it(`made of ${what} is ${code} (ATTACKS 86)`, () => {
      expect(() => parseImageManifest(utf8(text), defaultLimits)).toThrow(expect.objectContaining({ code }));
    });
  }

  it('with a key __proto__ in its annotations touches no prototype (ATTACKS 4)', () => {
    const text = `{"schemaVersion":2,"mediaType":"${ociManifestType}","config":${JSON.stringify(layer)},"layers":[],"annotations":{"__proto__":"x"}}`;
    const { annotations } = parseImageManifest(utf8(text), defaultLimits);
    expect(Object.entries(annotations)).toEqual([['__proto__', 'x']]);
    expect(annotations['toString']).toBeUndefined();
  });

  it('has its urls left out', () => {
    const text = JSON.stringify(parse({ layers: [{ ...layer, urls: ['http://127.0.0.1/'] }] }));
    expect(text).not.toContain('urls');
  });

  it('has data that is not what it describes: as good as absent (ATTACKS 54)', async () => {
    const right = await descriptorOf('application/x', utf8('hello'));
    expect(await inlineData({ ...right, data: btoa('hello') })).toEqual(utf8('hello'));
    for (const data of [
      btoa('hellO'),
      btoa('hello!'),
      btoa('hell'),
      '',
      '=',
      'aGVsbG8',
      '!!!!!!!!',
      'aGVsbG8=aGVsbG8=',
    ]) {
      expect(await inlineData({ ...right, data })).toBeUndefined();
    }
    expect(await inlineData({ ...right, size: 4, data: btoa('hello') })).toBeUndefined();
    expect(await inlineData(right)).toBeUndefined();
  });
});
