import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** The built command, as it is installed. */
export const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export type Variables = Readonly<Record<string, string>>;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The passwords of all four keys. */
export const passwords: Variables = {
  DTUF_ROOT_KEY_PASSWORD: 'root-password',
  DTUF_TARGETS_KEY_PASSWORD: 'targets-password',
  DTUF_SNAPSHOT_KEY_PASSWORD: 'snapshot-password',
  DTUF_TIMESTAMP_KEY_PASSWORD: 'timestamp-password',
};

/** A machine: a folder of its own, in which the command runs with the variables given and no others of ours. */
export class Machine {
  readonly folder: string;
  readonly variables: Variables;

  private constructor(folder: string, variables: Variables) {
    this.folder = folder;
    this.variables = variables;
  }

  static async start(variables: Variables): Promise<Machine> {
    if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build`);
    return new Machine(await mkdtemp(join(tmpdir(), 'dtuf-cli-')), variables);
  }

  async stop(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  has(...names: string[]): boolean {
    return existsSync(this.path(...names));
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    return writeFile(this.path(name), content);
  }

  read(...names: string[]): Promise<string> {
    return readFile(this.path(...names), 'utf8');
  }

  spawn(command: string, args: readonly string[], variables: Variables = {}) {
    const { PATH = '' } = process.env;
    return spawn(command, args, {
      cwd: this.folder,
      env: { PATH, HOME: this.folder, TMPDIR: this.folder, ...this.variables, ...variables },
    });
  }

  /** Runs `dtuf ...args`. */
  dtuf(args: readonly string[], variables: Variables = {}, input = ''): Promise<Ran> {
    return this.run(process.execPath, [cli, ...args], variables, input);
  }

  /** Runs `dtuf ...args`, which must succeed. */
  async does(args: readonly string[], variables: Variables = {}): Promise<string> {
    const { code, stdout, stderr } = await this.dtuf(args, variables);
    if (code !== 0) throw new Error(`dtuf ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Runs a line of bash, in which `dtuf` is the command. */
  shell(line: string, variables: Variables = {}): Promise<Ran> {
    const dtuf = `dtuf() { '${process.execPath}' '${cli}' "$@"; }`;
    return this.run('bash', ['-c', `set -o pipefail; ${dtuf}; ${line}`], variables);
  }

  run(command: string, args: readonly string[], variables: Variables = {}, input = ''): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(command, args, variables);
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', reject);
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
      );
      // A command that ends without reading its input is no failure of the test.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }
}

/** A publisher whose repository fred/demo has the targets given, published. */
export async function publisher(
  variables: Variables,
  targets: Readonly<Record<string, string>> = {},
): Promise<Machine> {
  const machine = await Machine.start({ ...passwords, ...variables });
  for (const command of ['create-root-key', 'create-metadata-keys', 'create-metadata']) {
    await machine.does([command, 'fred/demo']);
  }
  for (const [name, content] of Object.entries(targets)) {
    await machine.write('source', content);
    await machine.does(['push-target', 'fred/demo', name, 'source']);
  }
  await machine.does(['push-metadata', 'fred/demo']);
  return machine;
}

/** A client that has pulled the metadata of fred/demo. */
export async function client(from: Machine, variables: Variables): Promise<Machine> {
  const machine = await Machine.start(variables);
  await machine.write('root_key.pub', await from.read('dtuf_repos/fred/demo/master/keys/root_key.pub'));
  await machine.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
  return machine;
}

/** The command ended with `code`, said why in one line on standard error, and wrote nothing to standard output. */
export function expectRefusal(ran: Ran, code: number, message: RegExp): void {
  expect(ran).toEqual({ code, stdout: '', stderr: expect.stringMatching(message) });
  expect(ran.stderr).toMatch(/^dtuf: [^\n]*\n$/);
}
