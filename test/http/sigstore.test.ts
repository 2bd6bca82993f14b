// A repository that others made, served as they serve it: sigstore's, as it stood in December 2025. Its files are not in
// this repository.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { client, Web } from './web.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/sigstore', import.meta.url));
const there = existsSync(folder);
if (!there) process.stderr.write(`NOT RUN: sigstore’s repository over http: there is no folder ${folder}\n`);

describe.runIf(there)('sigstore’s repository on a web server', () => {
  let web: Web;
  beforeAll(async () => {
    web = await Web.start(folder);
  });
  afterAll(() => web?.stop());

  it('is read from its first root to a target', async () => {
    const copy = client(web, {
      now: new Date('2025-12-12T12:00:00Z'),
      store: memoryStore(),
      trust: readFileSync(`${folder}/metadata/1.root.json`),
    });
    const { rootVersion, changed } = await copy.pullMetadata();
    expect(rootVersion).toBe(14);
    expect(changed).toContain('trusted_root.json');
    expect(web.asked.slice(-3).map((path) => path.replace('/metadata/', ''))).toEqual([
      'timestamp.json',
      '163.snapshot.json',
      '13.targets.json',
    ]);
    const trustedRoot = await (await copy.pullTarget('trusted_root.json')).json<{ mediaType: string }>();
    expect(trustedRoot.mediaType).toMatch(/^application\/vnd\.dev\.sigstore\.trustedroot/);
    // Signed for by a delegated role, with targets in a folder.
    const npmKeys = await copy.pullTarget('registry.npmjs.org/keys.json');
    expect(npmKeys.role).toBe('registry.npmjs.org');
    expect((await npmKeys.json<{ keys: unknown[] }>()).keys.length).toBeGreaterThan(0);
  });
});
