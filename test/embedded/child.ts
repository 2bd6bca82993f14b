/** Runs a script of this folder in a process of its own, bundled: Node 20 reads no TypeScript. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';

export interface Script {
  start(...args: string[]): ChildProcess;
  /** A file may have so many KiB there: what a full disk does, without one. */
  startLimited(fileSize: number, ...args: string[]): ChildProcess;
}

/** Bundles `test/embedded/<name>.ts` before the tests. */
export function script(name: string): Script {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dtuf-child-'));
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
        outDir: folder,
        emptyOutDir: false,
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'child.mjs' } },
      },
      ssr: { noExternal: true },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (command: string, ...args: string[]) =>
    spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const path = () => join(folder, 'child.mjs');
  return {
    start: (...args) => run(process.execPath, path(), ...args),
    startLimited: (fileSize, ...args) =>
      run('bash', '-c', 'ulimit -f "$0"; exec "$@"', String(fileSize), process.execPath, path(), ...args),
  };
}

export async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal]: [number | null, string | null] = await new Promise((resolve) => {
    child.once('exit', (...how) => resolve(how));
  });
  return code ?? signal ?? 'unknown';
}

/** What it prints, up to its end. */
export async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  return text;
}
