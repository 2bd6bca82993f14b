// The repository of many: sigstore's, as it stood in December 2025. Its files are not in this repository, which is
// why this needs Node.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/ports.ts';
import { Reader, Site } from './site.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/sigstore/', import.meta.url));
const there = existsSync(folder);
if (!there)
  process.stderr.write(`NOT RUN: conformance over sigstore’s repository: there is no folder ${folder}\n`);

const read = (path: string): Bytes => Uint8Array.from(readFileSync(folder + path));
const NOW = new Date('2025-12-12T12:00:00Z');

function sigstore(): Site {
  const site = new Site();
  for (const name of readdirSync(`${folder}metadata`)) site.put(name, read(`metadata/${name}`));
  for (const entry of readdirSync(`${folder}targets`, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`.slice(folder.length);
    if (entry.isFile()) site.put(path, read(path));
  }
  return site;
}

// suite: test_static_repository
describe.runIf(there)('sigstore’s repository', () => {
  it.each([1, 12, 14])(
    'is read from its root %s to a target, and to one of a delegated role (5.3 to 5.7)',
    async (first) => {
      const site = sigstore();
      const reader = new Reader(site, read(`metadata/${first}.root.json`));
      const copy = reader.copy(NOW);
      await copy.pullMetadata();
      const trustedRoot = await (await copy.pullTarget('trusted_root.json')).json<{ mediaType: string }>();
      expect(trustedRoot.mediaType).toMatch(/^application\/vnd\.dev\.sigstore\.trustedroot/);
      expect((await copy.pullTarget('registry.npmjs.org/keys.json')).role).toBe('registry.npmjs.org');
      expect(await reader.versions()).toMatchObject({
        root: 14,
        snapshot: 163,
        targets: 13,
        'registry.npmjs.org': 7,
      });
    },
  );
});
