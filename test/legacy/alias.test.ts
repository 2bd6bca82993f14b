// What a hostile registry puts under python-dtuf's tags.
import { expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { aliasedBlob } from '../../src/layout/docker-manifest.ts';
import { defaultLimits } from '../../src/limits.ts';

it.each([
  { layers: [{ digest: 'sha256:../../x', size: 1 }] },
  { layers: [{ digest: `sha512:${'a'.repeat(128)}`, size: 1 }] },
  { fsLayers: [{ blobSum: '../../x' }] },
])('a list whose digest is none, %j, is the registry’s fault and not the caller’s (ATTACKS 1)', (list) => {
  expect(() => aliasedBlob(utf8(JSON.stringify(list)), 'timestamp.json', defaultLimits)).toThrow(
    expect.objectContaining({ code: 'METADATA_INVALID', role: 'timestamp.json' }),
  );
});
