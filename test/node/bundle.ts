import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll } from 'vitest';

/** Builds a module of ours into one file that a child process on plain Node can import. */
export async function bundle(entry: string): Promise<string> {
  // Within the repository, so that bare imports are found.
  const outDir = mkdtempSync(join(resolve('node_modules'), '.dtuf-test-'));
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: resolve(entry),
      outDir,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'bundle.mjs' } },
    },
  });
  return join(outDir, 'bundle.mjs');
}

/** Where temporary files of a test file are; removed after its last test. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dtuf-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
