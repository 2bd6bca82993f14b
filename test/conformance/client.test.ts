// The program that the public suite calls (its CLIENT-CLI.md), also where the suite itself cannot be had. It runs on Node.
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishForEver, Web } from '../http/web.ts';

const CLIENT = fileURLToPath(new URL('client', import.meta.url));

let web: Web;
let folder: string;
beforeEach(async () => {
  web = await Web.start();
  folder = mkdtempSync(join(tmpdir(), 'dtuf-conformance-client-'));
  for (const name of ['metadata', 'targets']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'first.json'), await publishForEver(web, { 'a/1.txt': 'one', '2.txt': 'two' }));
});
afterEach(async () => {
  await web.stop();
  rmSync(folder, { recursive: true });
});

function run(client: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const env = { ...process.env, DTUF_CONFORMANCE_RUNTIME: process.execPath };
  return new Promise((resolve) => {
    const child = execFile(
      client,
      ['--metadata-dir', join(folder, 'metadata'), ...args],
      { env },
      (_, __, stderr) => resolve({ code: child.exitCode ?? 1, stderr }),
    );
  });
}

const init = () => run(CLIENT, ['init', join(folder, 'first.json')]);
const refresh = () => run(CLIENT, ['--metadata-url', web.metadata, 'refresh']);
function download(...names: string[]) {
  const targets = ['--target-base-url', `${web.origin}/targets/`, '--target-dir', join(folder, 'targets')];
  const named = names.flatMap((name) => ['--target-name', name]);
  return run(CLIENT, ['--metadata-url', web.metadata, ...named, ...targets, 'download']);
}

const ok = { code: 0, stderr: '' };
const kept = () =>
  readdirSync(join(folder, 'metadata'))
    .filter((name) => name.endsWith('.json'))
    .sort();
const stored = () =>
  readdirSync(join(folder, 'targets'))
    .map((name) => readFileSync(join(folder, 'targets', name), 'utf8'))
    .sort();
const fetched = () => web.asked.filter((path) => path.startsWith('/targets/')).length;

describe('the client under test', () => {
  it('is initialised without a request, and then keeps what it verified as <role>.json', async () => {
    expect(await init()).toEqual(ok);
    expect([kept(), web.asked]).toEqual([['root.json'], []]);
    expect(await refresh()).toEqual(ok);
    expect(kept()).toEqual(['root.json', 'snapshot.json', 'targets.json', 'timestamp.json']);
    for (const name of ['root.json', 'timestamp.json']) {
      const published = join(web.folder, 'metadata', name === 'root.json' ? '1.root.json' : name);
      expect(readFileSync(join(folder, 'metadata', name))).toEqual(readFileSync(published));
    }
  });

  it('downloads targets in order, each once, after a refresh of its own', async () => {
    await init();
    expect(await download('a/1.txt', '2.txt')).toEqual(ok);
    expect(stored()).toEqual(['one', 'two']);
    expect(await download('2.txt', 'a/1.txt')).toEqual(ok);
    expect(fetched()).toBe(2);
  });

  it('ends at the first target that fails, and says why', async () => {
    await init();
    expect(await download('a/1.txt', 'not there', '2.txt')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^TARGET_NOT_FOUND: .*not there/),
    });
    expect(stored()).toEqual(['one']);
  });

  it('keeps the root that it was given where the first refresh is refused', async () => {
    writeFileSync(join(folder, 'first.json'), '{}');
    await init();
    expect(await refresh()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^METADATA_INVALID: root/),
    });
    expect([kept(), web.asked]).toEqual([['root.json'], []]);
  });

  it('says that the package is not built, where it is not', async () => {
    const elsewhere = join(folder, 'test/conformance');
    for (const name of ['client', 'client.js'])
      cpSync(fileURLToPath(new URL(name, import.meta.url)), join(elsewhere, name));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    await init();
    const { code, stderr } = await run(join(elsewhere, 'client'), [
      '--metadata-url',
      web.metadata,
      'refresh',
    ]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('run "npm run build" first')]);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
  });
});
