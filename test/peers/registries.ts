// The registries that everything has to work with, and the ways in which they are guarded.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { serve } from '../../adapters/registry/serve.ts';
import { type DockerRegistryOptions, startDockerRegistry } from '../registry/docker-registry.ts';
import type { Started } from '../registry/suite.ts';
import { startTokenServer } from '../registry/token-server.ts';
import type { Reached } from './journey.ts';
import { describeWithCommand, describeWithPeer, startOnPort } from './places.ts';

export const login = { username: 'fred', password: 'a secret of fred' };

/** What a registry was started with. `open`: anybody may do anything. */
export type Guard =
  | 'open'
  | 'Basic'
  | 'token'
  | 'token, anonymous reads'
  | 'anonymous reads'
  | 'read-only'
  | 'deletes off';

export interface RegistryKind {
  readonly name: string;
  readonly guards: readonly Guard[];
  /** `describe` where it is there; said, where it is not. */
  describe(name: string, tests: (start: Start) => void): void;
}

/** @param storage a folder that lasts; one of its own where it is left out. */
export type Start = (guard: Guard, storage?: string) => Promise<Started>;

export const kinds: readonly RegistryKind[] = [
  {
    name: 'the embedded registry',
    guards: ['open', 'read-only', 'deletes off'],
    describe: (name, tests) => describe(name, () => tests(startEmbedded)),
  },
  {
    name: 'distribution 2.8',
    guards: ['open', 'Basic', 'token', 'token, anonymous reads', 'read-only', 'deletes off'],
    describe: (name, tests) =>
      describeWithCommand('docker-registry', name, () => tests(startDistribution('docker-registry'))),
  },
  {
    name: 'distribution 3',
    guards: ['open', 'Basic', 'token', 'token, anonymous reads', 'read-only', 'deletes off'],
    describe: (name, tests) =>
      describeWithPeer('distribution', name, (executable) => tests(startDistribution(executable))),
  },
  {
    name: 'zot',
    guards: ['open', 'Basic', 'anonymous reads'],
    describe: (name, tests) => describeWithPeer('zot', name, (executable) => tests(startZot(executable))),
  },
];

/** What a publisher and a client are given for a guard: who need not sign in does not. */
export function reachedBy(started: Started, guard: Guard): Reached {
  const anonymous = guard === 'token, anonymous reads' || guard === 'anonymous reads';
  const { connection, ...rest } = started;
  const { credentials, ...unsigned } = connection ?? {};
  return { publisher: started, client: anonymous ? { ...rest, connection: unsigned } : started };
}

export async function startEmbedded(guard: Guard, storage?: string): Promise<Started> {
  const home = await mkdtemp(join(tmpdir(), 'dtuf-embedded-'));
  const server = await serve({
    folder: storage ?? home,
    readOnly: guard === 'read-only',
    deletes: guard !== 'deletes off',
  });
  const stop = async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  };
  return { place: server.url, stop };
}

function startDistribution(executable: string): Start {
  return async (guard, storage) => {
    const options: DockerRegistryOptions = {
      executable,
      delete: guard !== 'deletes off',
      readOnly: guard === 'read-only',
      ...(storage === undefined ? {} : { storage }),
    };
    if (guard === 'Basic') {
      const { url, stop } = await startDockerRegistry({ ...options, login });
      return { place: url, connection: { credentials: login }, stop };
    }
    if (!guard.startsWith('token')) {
      const { url, stop } = await startDockerRegistry(options);
      return { place: url, stop };
    }
    const token = await startTokenServer({ login, anonymousPull: guard === 'token, anonymous reads' });
    const { url, stop } = await startDockerRegistry({ ...options, token });
    return {
      place: url,
      connection: { credentials: login },
      stop: async () => {
        await stop();
        await token.stop();
      },
    };
  };
}

function startZot(executable: string): Start {
  return async (guard) => {
    const home = await mkdtemp(join(tmpdir(), 'dtuf-zot-'));
    const { stdout } = await promisify(execFile)('htpasswd', ['-Bbn', login.username, login.password]);
    await writeFile(join(home, 'htpasswd'), stdout);
    const anonymousPolicy = guard === 'Basic' ? [] : ['read'];
    const policies = [{ users: [login.username], actions: ['read', 'create', 'update', 'delete'] }];
    const access = {
      auth: { htpasswd: { path: join(home, 'htpasswd') } },
      accessControl: { repositories: { '**': { anonymousPolicy, policies } } },
    };
    const running = await startOnPort(async (port) => {
      const configuration = {
        distSpecVersion: '1.1.1',
        storage: { rootDirectory: join(home, 'storage') },
        http: {
          address: '127.0.0.1',
          port: String(port),
          compat: ['docker2s2'],
          ...(guard === 'open' ? {} : access),
        },
        log: { level: 'error' },
      };
      await writeFile(join(home, 'config.json'), JSON.stringify(configuration));
      return { command: executable, args: ['serve', join(home, 'config.json')] };
    });
    return {
      place: `http://127.0.0.1:${running.port}`,
      ...(guard === 'open' ? {} : { connection: { credentials: login } }),
      stop: async () => {
        await running.stop();
        await rm(home, { recursive: true, force: true });
      },
    };
  };
}
