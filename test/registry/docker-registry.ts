import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';

/** Whether Debian's docker-registry (distribution 2.8) is installed. */
export const dockerRegistryFound = isInstalled('docker-registry');

/**
 * `describe` for what needs the real registry. Where it is missing this says so and skips; in CI it fails instead.
 */
export const describeWithDockerRegistry: (name: string, tests: () => void) => void = dockerRegistryFound
  ? (name, tests) => describe(name, tests)
  : (name, tests) => {
      if (process.env['CI'] === 'true') throw new Error(`docker-registry is not installed: ${name}`);
      process.stderr.write(
        `NOT RUN: ${name}: docker-registry is not installed (apt-get install docker-registry)\n`,
      );
      describe.skip(name, tests);
    };

export interface DockerRegistryOptions {
  /** In the place of Debian's distribution 2.8: another version of it. */
  readonly executable?: string;
  /** Nothing is taken in. */
  readonly readOnly?: boolean;
  /** Whether DELETE works; true if left out. */
  readonly delete?: boolean;
  /** Basic authentication. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Token authentication; `certificate` is PEM. */
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly certificate: string;
  };
  /** Added to every answer, as for CORS. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  /** Takes Docker's first manifests. */
  readonly schema1?: boolean;
  /** A storage folder that is there already; it is left when the registry stops. */
  readonly storage?: string;
  /** Remembers blobs as in Debian's configuration, also those that a garbage collection took. */
  readonly cache?: boolean;
}

export interface DockerRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Its storage. */
  readonly folder: string;
  garbageCollect(options?: { deleteUntagged?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

/** CORS headers that let a page read everything. */
export const corsHeaders: Readonly<Record<string, readonly string[]>> = {
  'Access-Control-Allow-Origin': ['*'],
  'Access-Control-Allow-Methods': ['HEAD', 'GET', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'],
  'Access-Control-Allow-Headers': ['Authorization', 'Accept', 'Range', 'Content-Type', 'Content-Range'],
  'Access-Control-Expose-Headers': [
    'Docker-Content-Digest',
    'Link',
    'Location',
    'WWW-Authenticate',
    'Range',
    'Content-Range',
    'ETag',
  ],
};

/** Starts docker-registry over a new folder on a free port of loopback. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const { executable = 'docker-registry' } = options;
  const home = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const folder = options.storage ?? join(home, 'storage');
  const configuration = join(home, 'config.yml');
  // YAML is a superset of JSON.
  await writeFile(configuration, JSON.stringify(await configure(options, home, folder)));
  const child = spawn(executable, ['serve', configuration], {
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    process.removeListener('exit', kill);
    kill();
    await exited;
    await rm(home, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(child.stderr);
    const host = `127.0.0.1:${port}`;
    return {
      host,
      url: `http://${host}`,
      folder,
      stop,
      garbageCollect: async ({ deleteUntagged = false } = {}) => {
        const flags = deleteUntagged ? ['--delete-untagged'] : [];
        await promisify(execFile)(executable, ['garbage-collect', ...flags, configuration]);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listeningPort(log: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    log.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-100_000);
      const found = /listening on [^"]*:(\d+)/.exec(text);
      if (found) resolve(Number(found[1]));
    });
    log.once('end', () => reject(new Error(`docker-registry did not start: ${text.slice(-2000)}`)));
  });
}

async function configure(options: DockerRegistryOptions, home: string, folder: string): Promise<object> {
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: folder },
      delete: { enabled: options.delete ?? true },
      maintenance: {
        uploadpurging: { enabled: false },
        readonly: { enabled: options.readOnly ?? false },
      },
      ...(options.cache ? { cache: { blobdescriptor: 'inmemory' } } : {}),
    },
    http: { addr: '127.0.0.1:0', ...(options.headers ? { headers: options.headers } : {}) },
    ...(options.schema1 ? { compatibility: { schema1: { enabled: true } } } : {}),
    ...(await authentication(options, home)),
  };
}

async function authentication({ login, token }: DockerRegistryOptions, home: string): Promise<object> {
  if (login) {
    const path = join(home, 'htpasswd');
    const { stdout } = await promisify(execFile)('htpasswd', ['-Bbn', login.username, login.password]);
    await writeFile(path, stdout);
    return { auth: { htpasswd: { realm: 'test', path } } };
  }
  if (!token) return {};
  const { certificate, ...rest } = token;
  const rootcertbundle = join(home, 'token.crt');
  await writeFile(rootcertbundle, certificate);
  return { auth: { token: { ...rest, rootcertbundle } } };
}

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
