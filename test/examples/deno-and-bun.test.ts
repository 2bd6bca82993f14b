// examples/deno and examples/bun, in the runtimes that test/runtimes/install.js installs, by the commands of their READMEs.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/markdown.ts';
import { folder as runtimes } from '../runtimes/install.js';
import { copyExample, installPackage, type Published, published, temporaryFolder } from './place.ts';

const bin = join(runtimes(), '.bin');

/** As in test/run.js: what is not installed is said, and is an error in CI. */
function isThere(name: string): boolean {
  if (existsSync(join(bin, name))) return true;
  const why = `the example for ${name}: it is not installed (node test/runtimes/install.js)`;
  if (process.env['CI'] === 'true') throw new Error(why);
  process.stderr.write(`NOT RUN: ${why}\n`);
  return false;
}

describe.each(['deno', 'bun'])('the script for %s', (name) => {
  const there = isThere(name);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let files: Published;
  beforeEach(async () => {
    [folder, files] = await Promise.all([
      temporaryFolder(),
      published('fred/demo', { 'demo.txt': 'Hello World!\n' }),
    ]);
    await copyExample(name, folder.path, { 'https://registry.example.com': files.registry });
    await writeFile(join(folder.path, 'root.json'), files.rootJson);
    await installPackage(folder.path);
    await mkdir(join(folder.path, 'home'));
  });
  afterEach(async () => {
    await files?.stop();
    await folder?.remove();
  });

  /** The command of README.md. */
  function run(): Promise<{ code: number; stdout: string; stderr: string }> {
    const [block] = blocksOf(`examples/${name}/README.md`);
    const command = block?.code.replace(/^.* install\n/, '') ?? '';
    const { PATH = '' } = process.env;
    const env = {
      PATH: bin + delimiter + PATH,
      HOME: join(folder.path, 'home'),
      NO_COLOR: '1',
      DENO_NO_UPDATE_CHECK: '1',
    };
    const here = command.replace('registry.example.com', new URL(files.registry).host);
    return new Promise((resolve) => {
      execFile('bash', ['-c', here], { cwd: folder.path, env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  it.runIf(there)('saves what is verified', async () => {
    const { code, stdout, stderr } = await run();
    expect(stderr).toMatch(/13 of 13 bytes\n$/);
    expect([code, stdout.trim()]).toEqual([0, 'demo.txt is verified and saved.']);
    expect(await readFile(join(folder.path, 'demo.txt'), 'utf8')).toBe('Hello World!\n');
  });

  it.runIf(there)('refuses what was changed, and writes nothing of it', async () => {
    await files.tamper('demo.txt');
    const before = await readdir(folder.path);
    const { code, stdout, stderr } = await run();
    expect([code, stdout.trim()]).toEqual([1, '']);
    expect(stderr).toMatch(/demo\.txt was not saved: /);
    expect((await readdir(folder.path)).filter((one) => !before.includes(one))).toEqual(['dtuf_repos']);
  });
});
