// What the tests against other people's programs have in common: where those are, free ports, certificates.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { executableOf } from './pins.js';

const run = promisify(execFile);

/**
 * `describe` for what needs a peer that `npm run peers` builds. Where it is not built, this says so and skips; the mark
 * `[not built]` in the name tells those tests from others that were skipped.
 */
export function describeWithPeer(peer: string, name: string, tests: (executable: string) => void): void {
  const executable = executableOf(peer);
  if (existsSync(executable)) return void describe(name, () => tests(executable));
  process.stderr.write(`NOT RUN: ${name}: ${peer} is not built (npm run peers)\n`);
  describe.skip(`${name} [not built]`, () => tests(executable));
}

/** `describe` for what needs a package of Debian. In CI that has to be there. */
export function describeWithCommand(command: string, name: string, tests: () => void): void {
  if (isInstalled(command)) return void describe(name, tests);
  if (process.env['CI'] === 'true') throw new Error(`${name}: ${command} is not installed`);
  process.stderr.write(`NOT RUN: ${name}: ${command} is not installed (apt-get install ${command})\n`);
  describe.skip(name, tests);
}

function isInstalled(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}

export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a program that listens on a port that is given to it, and waits until it answers there. Another process may
 * take the port in between: then it is started again on another one.
 */
export async function startOnPort(
  start: (port: number) => Promise<{ command: string; args: readonly string[]; env?: NodeJS.ProcessEnv }>,
): Promise<Running> {
  let said = '';
  for (let attempt = 0; attempt < 3; attempt++) {
    const port = await freePort();
    const { command, args, env } = await start(port);
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const stop = async (): Promise<void> => {
      process.removeListener('exit', kill);
      // Not SIGKILL: nginx would leave its workers behind.
      child.kill('SIGTERM');
      const late = setTimeout(kill, 5000);
      await exited;
      clearTimeout(late);
    };
    said = '';
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-3000);
      });
    }
    if (await answers(port, child)) return { port, stop };
    await stop();
  }
  throw new Error(`it did not start: ${said}`);
}

async function answers(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (connected) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

export interface Authority {
  /** Of the authority, PEM: a file, and what is in it. */
  readonly file: string;
  readonly pem: string;
  /** Of a server that is called localhost or 127.0.0.1. */
  readonly certificate: string;
  readonly key: string;
  stop(): Promise<void>;
}

/** A certificate authority of our own, and a server's certificate from it. */
export async function makeAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-authority-'));
  const path = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [
    ...['req', '-x509', ...key, '-days', '2', '-subj', '/CN=test authority'],
    ...['-keyout', path('ca.key'), '-out', path('ca.crt')],
  ]);
  await run('openssl', [
    ...['req', ...key, '-subj', '/CN=localhost', '-keyout', path('server.key'), '-out', path('server.csr')],
  ]);
  await writeFile(path('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await run('openssl', [
    ...['x509', '-req', '-in', path('server.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', path('names'), '-out', path('server.crt')],
  ]);
  return {
    file: path('ca.crt'),
    pem: await readFile(path('ca.crt'), 'utf8'),
    certificate: path('server.crt'),
    key: path('server.key'),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `fetch` that trusts one more authority. */
export async function trusting({ pem }: Pick<Authority, 'pem'>): Promise<typeof fetch> {
  // Node shows the class of its dispatcher through this symbol alone, once fetch was used.
  await fetch('data:,').then((response) => response.text());
  const usual: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  const Agent: unknown = typeof usual === 'object' && usual !== null ? usual.constructor : undefined;
  if (typeof Agent !== 'function') throw new Error('this Node has no dispatcher');
  const dispatcher: unknown = Reflect.construct(Agent, [{ connect: { ca: pem } }]);
  return (input, init) => fetch(input, Object.assign({}, init, { dispatcher }));
}
