// The conformance tests of the OCI distribution specification, against the embedded registry.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { describeWithPeer } from './places.ts';

/** What the specification leaves open (version 1.1: "MAY"), and is done here too. */
const optional = {
  OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
  OCI_API_BLOBS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
};

interface Case {
  readonly name: string;
  readonly outcome: string;
}

describeWithPeer('conformance', 'the OCI conformance tests', (conformance) => {
  describe.each(['memory', 'folder'])('of the embedded registry over %s', (where) => {
    let folder: string;
    let cases: Case[];
    let results: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'dtuf-conformance-'));
      const storage = where === 'memory' ? memoryStorage() : folderStorage(join(folder, 'registry'));
      const server = await serve({ storage });
      try {
        await runConformance(conformance, {
          OCI_REGISTRY: `127.0.0.1:${server.port}`,
          OCI_TLS: 'disabled',
          OCI_VERSION: '1.1',
          OCI_RESULTS_DIR: folder,
          ...optional,
        });
      } finally {
        await server.close();
      }
      results = await readFile(join(folder, 'results.yaml'), 'utf8');
      cases = casesOf(await readFile(join(folder, 'junit.xml'), 'utf8'));
      const count = (outcome: string) => cases.filter((one) => one.outcome === outcome).length;
      process.stdout.write(
        `OCI conformance, embedded registry over ${where}: ${count('passed')} passed, ${count('failure')} failed, ${count('skipped')} skipped\n`,
      );
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('all of them pass, and none is skipped', () => {
      expect(cases.length).toBeGreaterThan(600);
      expect(cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    });

    it.each([
      'Blob push',
      'Blob chunked',
      'Blob mount',
      'Blob anonymous mount',
      'Blob get range',
      'Blob delete',
      'Manifest put by tag',
      'Manifest put with subject',
      'Manifest delete',
      'Referrers',
      'Tag listing',
      'Tag delete',
    ])('%s conforms', (api) => {
      expect(results).toMatch(new RegExp(`^  "?${api}"?: "?Pass"?$`, 'm'));
    });
  });
});

/** A test that fails is told by the report; the exit code would not tell which. */
async function runConformance(executable: string, env: NodeJS.ProcessEnv): Promise<void> {
  await new Promise<void>((resolve) => {
    execFile(executable, { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 }, () => resolve());
  });
}

function casesOf(junit: string): Case[] {
  return [...junit.matchAll(/<testcase name="([^"]*)"[^>]* status="([a-z]*)"/g)].map(
    ([, name = '', outcome = '']) => ({ name, outcome }),
  );
}
