// The built command, killed at a request that is counted.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { DTufMaster } from '../../adapters/node/index.ts';
import { cli, Machine, passwords, type Variables } from '../cli/command.ts';
import type { Exchange, FaultProxy } from '../registry/fault-proxy.ts';

const roles = ['root', 'targets', 'snapshot', 'timestamp'] as const;

/** A publisher whose key files open quickly: those that the command makes take long on purpose. */
export async function quickPublisher(variables: Variables): Promise<Machine> {
  const machine = await Machine.start({ ...passwords, ...variables });
  await mkdir(machine.path('dtuf_repos/fred/demo/master/keys'), { recursive: true });
  for (const role of roles) await writeKey(machine, role);
  await machine.does(['create-metadata', 'fred/demo']);
  await machine.does(['push-metadata', 'fred/demo']);
  return machine;
}

/** Uploads a target without a process of its own: what a test only prepares. */
export async function prepareTarget(machine: Machine, name: string, text: string): Promise<void> {
  const master = new DTufMaster({
    host: machine.variables['DTUF_HOST'] ?? '',
    repository: 'fred/demo',
    repositoriesRoot: machine.path('dtuf_repos'),
  });
  await master.pushTarget(name, new TextEncoder().encode(text));
}

/** Makes a new key of `role`, in the place of the one that is there. */
export async function writeKey(machine: Machine, role: (typeof roles)[number]): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const passphrase = passwords[`DTUF_${role.toUpperCase()}_KEY_PASSWORD`] ?? '';
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  const path = `dtuf_repos/fred/demo/master/keys/${role}_key`;
  await machine.write(path, pem.toString());
  await machine.write(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }).toString());
}

/** When the process is killed: as the request comes, or when the registry has done what it was asked, and before it says so. */
export type Moment = 'before' | 'after';

/** @returns false where the command ended well without so many requests. */
export async function killedAtRequest(
  machine: Machine,
  args: readonly string[],
  proxy: FaultProxy,
  request: number,
  moment: Moment,
): Promise<boolean> {
  const child = machine.spawn(process.execPath, [cli, ...args]);
  const closed = once(child, 'close');
  child.stdin.end();
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  let count = 0;
  proxy.add({
    fault: (exchange) => {
      count += 1;
      if (count === request) kill(exchange, moment, () => child.kill('SIGKILL'));
      else exchange.forward();
    },
  });
  const [code, signal] = await closed;
  proxy.reset();
  if (signal === 'SIGKILL') return true;
  if (code === 0) return false;
  throw new Error(`dtuf ${args.join(' ')} ended with ${code}: ${Buffer.concat(said).toString()}`);
}

function kill({ request, forward }: Exchange, moment: Moment, end: () => void): void {
  if (moment === 'before') {
    end();
    request.socket.destroy();
    return;
  }
  forward({
    pipe: (upstream, response) => {
      upstream.resume();
      upstream.on('end', () => {
        end();
        response.destroy();
      });
    },
  });
}

/** Kills the command after so many milliseconds. @returns false where it had ended by then. */
export async function killedAfter(
  machine: Machine,
  args: readonly string[],
  milliseconds: number,
): Promise<boolean> {
  const child = machine.spawn(process.execPath, [cli, ...args]);
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const [, signal] = await once(child, 'close');
  clearTimeout(timer);
  return signal === 'SIGKILL';
}
