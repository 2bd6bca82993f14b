// examples/github-actions: the `run` steps of the workflows, in order, in bash, with the environment that they declare. What is
// GitHub's (actions, secrets, the runner) and npm's is replaced by the little that the steps need of it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { bytesOf, client } from '../core/people.ts';
import { blocksOf } from '../docs/markdown.ts';
import { installPackage, type Published, published, repository, temporaryFolder } from './place.ts';

const SECRETS: Readonly<Record<string, string>> = {
  DTUF_USERNAME: 'fred',
  DTUF_PASSWORD: 'of the registry',
  DTUF_ROOT_KEY_PASSWORD: 'of root',
  DTUF_TARGETS_KEY_PASSWORD: 'of targets',
  DTUF_SNAPSHOT_KEY_PASSWORD: 'of snapshot',
  DTUF_TIMESTAMP_KEY_PASSWORD: 'of timestamp',
};
const TOOL = 'echo "the tool runs" | tee ran.txt\n';

type Environment = Readonly<Record<string, string>>;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Environment;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions: Environment;
  readonly jobs: Readonly<Record<string, { readonly env?: Environment; readonly steps: readonly Step[] }>>;
}

async function workflow(name: string): Promise<Workflow> {
  return parse(await readFile(join(repository, 'examples/github-actions', name), 'utf8'));
}

interface Ran {
  readonly step: string;
  readonly code: number;
  readonly output: string;
}

/** A runner: a folder where the repository is checked out, and what GitHub knows. */
interface Runner {
  readonly folder: string;
  readonly registry: string;
  readonly github: Environment;
  readonly secrets: Environment;
}

/** Runs the steps of the one job until one fails, as GitHub does. */
async function runJob(name: string, runner: Runner): Promise<Ran[]> {
  const { jobs } = await workflow(name);
  const [job] = Object.values(jobs);
  const ran: Ran[] = [];
  for (const step of job?.steps ?? []) {
    if (step.run === undefined || !holds(step.if, runner)) continue;
    const declared = { ...job?.env, ...step.env };
    const env = Object.fromEntries(
      Object.entries(declared).map(([key, value]) => [key, resolved(String(value), runner)]),
    );
    const done = await shell(runner.folder, step.run, env);
    ran.push({ step: step.name ?? step.run, ...done });
    if (done.code !== 0) break;
  }
  return ran;
}

/** `${{ secrets.NAME }}` and the like, and the registry of this test. */
function resolved(text: string, { registry, github, secrets }: Runner): string {
  const contexts: Readonly<Record<string, Environment>> = { github, secrets };
  return text
    .replaceAll('https://registry.example.com', registry)
    .replace(/\$\{\{ (\w+)\.(\w+) \}\}/g, (whole, context: string, key: string) => {
      const value = contexts[context]?.[key];
      if (value === undefined) throw new Error(`${whole} is not there`);
      return value;
    });
}

/** The one form of a condition that the workflows have. */
function holds(condition: string | undefined, { github }: Runner): boolean {
  if (condition === undefined) return true;
  const [, key = '', value] = /^github\.(\w+) == '([^']*)'$/.exec(condition) ?? [];
  if (value === undefined) throw new Error(`this test does not know the condition ${condition}`);
  return github[key] === value;
}

/** As GitHub runs a step that names no shell: a file, by `bash -e`. */
async function shell(folder: string, script: string, env: Environment) {
  const file = join(folder, '..', 'step.sh');
  await writeFile(file, script);
  const { PATH = '' } = process.env;
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(
      'bash',
      ['-e', file],
      {
        cwd: folder,
        env: {
          PATH: join(folder, '..', 'bin') + delimiter + PATH,
          HOME: join(folder, '..'),
          CI: 'true',
          ...env,
        },
      },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

/** Commands in the place of those that need GitHub or a package registry. */
async function makeCommands(home: string, commands: Environment): Promise<void> {
  await mkdir(join(home, 'bin'));
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(home, 'bin', name), `#!/usr/bin/env bash\nset -euo pipefail\n${script}\n`);
    await chmod(join(home, 'bin', name), 0o755);
  }
}

let home: Awaited<ReturnType<typeof temporaryFolder>>;
/** Where the repository is checked out, for one run. */
let folder: string;
beforeAll(async () => {
  home = await temporaryFolder();
  folder = join(home.path, 'checkout');
  const packages = join(home.path, 'packages');
  await mkdir(packages);
  await installPackage(packages);
  await symlink('../dtuf/dist/cli.js', join(packages, 'node_modules/.bin/dtuf'));
  await makeCommands(home.path, {
    npm: `[ "$*" = 'ci --ignore-scripts' ] && ln -s ${packages}/node_modules node_modules`,
    gh: `[ "$1 $2" = 'secret set' ] && cat > ${home.path}/secret-$3`,
    git: `[ "$1" = add ] && mkdir ${home.path}/committed && cp -r "\${@:2}" ${home.path}/committed/`,
  });
});
afterAll(() => home?.remove());
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});

describe('the workflow that verifies', () => {
  let files: Published;
  beforeEach(async () => {
    files = await published('fred/tools', { 'tool.sh': TOOL });
    await writeFile(join(folder, 'root_key.pub'), files.rootKey);
  });
  afterEach(() => files?.stop());

  const run = () =>
    runJob('verify.yml', { folder, registry: files.registry, github: { event_name: 'push' }, secrets: {} });

  it('uses what it has verified', async () => {
    const ran = await run();
    expect(ran.map(({ step, code }) => [step, code])).toEqual([
      ['npm ci --ignore-scripts', 0],
      ['Download and verify', 0],
      ['Use it', 0],
    ]);
    expect(ran.at(-1)?.output).toBe('the tool runs\n');
  });

  it('fails at a file that was changed, before it is used', async () => {
    await files.tamper('tool.sh');
    const ran = await run();
    expect(ran.map(({ step, code }) => [step, code])).toEqual([
      ['npm ci --ignore-scripts', 0],
      ['Download and verify', 1],
    ]);
    expect(ran.at(-1)?.output).toContain('tool.sh');
    expect(existsSync(join(folder, 'tool.sh'))).toBe(false);
    expect(existsSync(join(folder, 'ran.txt'))).toBe(false);
  });

  it('fails where the root key is another one', async () => {
    const other = await published('fred/tools', {});
    await writeFile(join(folder, 'root_key.pub'), other.rootKey);
    await other.stop();
    expect((await run()).map(({ step, code }) => [step, code])).toEqual([
      ['npm ci --ignore-scripts', 0],
      ['Download and verify', 1],
    ]);
    expect(existsSync(join(folder, 'tool.sh'))).toBe(false);
  });
});

describe('the workflow that publishes', () => {
  let serving: Serving;
  let registry: string;
  let secrets: Environment;
  beforeAll(async () => {
    const made = join(home.path, 'made');
    await mkdir(made);
    const blocks = blocksOf('examples/github-actions/README.md');
    const script = blocks.find(({ code }) => code.includes('create-root-key'))?.code ?? '';
    await symlink(join(repository, 'dist/cli.js'), join(home.path, 'bin/dtuf'));
    expect(await shell(made, script, SECRETS)).toMatchObject({ code: 0 });
    secrets = { ...SECRETS, DTUF_KEYS: await readFile(join(home.path, 'secret-DTUF_KEYS'), 'utf8') };
  });
  beforeEach(async () => {
    registry = await mkdtemp(join(home.path, 'registry-'));
    serving = await serve({ folder: registry });
  });
  afterEach(() => serving?.close());

  /** A fresh runner, with what is committed. */
  async function run(event: string, tool?: string, known = secrets): Promise<Ran[]> {
    await rm(folder, { recursive: true });
    await cp(join(home.path, 'committed'), folder, { recursive: true });
    if (tool !== undefined) await writeFile(join(folder, 'tool.sh'), tool);
    return runJob('publish.yml', {
      folder,
      registry: serving.url,
      github: { event_name: event },
      secrets: known,
    });
  }

  async function pull() {
    const trust = await readFile(join(home.path, 'made/root_key.pub'), 'utf8');
    const place = embeddedRegistry({ storage: folderStorage(registry) });
    const copy = client(place, 'fred/tools', { trust });
    await copy.pullMetadata();
    return copy;
  }

  it('uploads and signs at a tag, from what is committed and secret, and signs anew by the clock', async () => {
    const first = await run('push', TOOL);
    expect(first.map(({ step, code }) => [step, code])).toEqual([
      ['npm ci --ignore-scripts', 0],
      ['Upload', 0],
      ['Sign and publish', 0],
    ]);
    expect(await (await (await pull()).pullTarget('tool.sh')).text()).toBe(TOOL);
    const before = (await (await pull()).getExpirations()).timestamp;

    const second = await run('schedule');
    expect(second.map(({ step, code }) => [step, code])).toEqual([
      ['npm ci --ignore-scripts', 0],
      ['Sign and publish', 0],
    ]);
    const copy = await pull();
    expect((await copy.getExpirations()).timestamp.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(await (await copy.pullTarget('tool.sh')).text()).toBe(TOOL);

    const third = await run('push', 'echo another\n');
    expect(third.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await (await (await pull()).pullTarget('tool.sh')).bytes()).toEqual(bytesOf('echo another\n'));
  }, 120_000);

  it('publishes nothing without the keys', async () => {
    const ran = await run('push', TOOL, { ...secrets, DTUF_KEYS: '' });
    expect(ran.at(-1)).toMatchObject({ step: 'Sign and publish' });
    expect(ran.at(-1)?.code).not.toBe(0);
    await expect(pull()).rejects.toMatchObject({ code: 'METADATA_MISSING' });
  });

  it('leaves no private key in what is committed, and the root key in no secret', async () => {
    const committed = await readdir(join(home.path, 'committed'), { recursive: true });
    expect(committed.filter((path) => path.endsWith('_key'))).toEqual([]);
    expect(committed).toContain('dtuf_repos/fred/tools/master/repository/metadata.staged/root.json');
    const listed = await shell(home.path, 'base64 --decode secret-DTUF_KEYS | tar -tz', {});
    expect(listed.output.trim().split('\n')).toEqual(['targets_key', 'snapshot_key', 'timestamp_key']);
  });
});

describe.each(['verify.yml', 'publish.yml'])('%s', (name) => {
  it('may only read the repository, and uses actions of one commit each', async () => {
    const { permissions, jobs } = await workflow(name);
    expect(permissions).toEqual({ contents: 'read' });
    const uses = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.uses ?? []));
    expect(uses).toHaveLength(2);
    for (const action of uses) expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
  });
});
