// A repository that python-dtuf made: its registry, its state folders, and who goes on with them.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DTufCopy, DTufMaster } from '../../adapters/node/index.ts';
import type { Role } from '../../src/index.ts';
import {
  type DockerRegistry,
  type DockerRegistryOptions,
  startDockerRegistry,
} from '../registry/docker-registry.ts';

const archives = fileURLToPath(new URL('../fixtures/python-dtuf/', import.meta.url));

export const REPOSITORY = 'fred/demo';

export interface Options {
  readonly host?: string;
  readonly root?: string;
  readonly fetch?: typeof fetch;
  readonly layout?: 'native' | 'legacy';
  readonly repository?: string;
  readonly notices?: string[];
}

/** A registry and folders of its own, with the repository of the fixture. */
export class Fixture {
  readonly registry: DockerRegistry;
  readonly folder: string;

  private constructor(registry: DockerRegistry, folder: string) {
    this.registry = registry;
    this.folder = folder;
  }

  static async start(options: DockerRegistryOptions = {}): Promise<Fixture> {
    const folder = mkdtempSync(join(tmpdir(), 'dtuf-legacy-'));
    for (const archive of ['registry', 'work'])
      execFileSync('tar', ['-xzf', join(archives, `${archive}.tar.gz`), '-C', folder]);
    const registry = await startDockerRegistry({ storage: join(folder, 'registry'), ...options });
    return new Fixture(registry, folder);
  }

  async stop(): Promise<void> {
    await this.registry.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The root public key that clients were given. */
  get rootKeyFile(): string {
    return join(this.folder, 'root_key.v1.pub');
  }

  get rootKey(): string {
    return readFileSync(this.rootKeyFile, 'utf8');
  }

  file(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  /** The state folders that python-dtuf made. */
  get states(): string {
    return join(this.folder, 'dtuf_repos');
  }

  /** State folders of somebody who was never here. */
  newStates(): string {
    return mkdtempSync(join(this.folder, 'states-'));
  }

  /** A copy of state folders, so that the one who has them can come again. */
  copyOf(states: string): string {
    const copy = this.newStates();
    cpSync(states, copy, { recursive: true });
    return copy;
  }

  /** A client with the state in `states`. */
  copy(states: string, { trust, ...options }: Options & { trust?: string } = {}): DTufCopy {
    return new DTufCopy({ ...this.#common(states, options), ...(trust === undefined ? {} : { trust }) });
  }

  /** The publisher with the state in `states`. */
  master(states: string, options: Options = {}): DTufMaster {
    return this.masterWith(states, (role) => `${role}-pw`, options);
  }

  masterWith(states: string, passwords: (role: Role) => string, options: Options = {}): DTufMaster {
    return new DTufMaster({ ...this.#common(states, options), passwords });
  }

  #common(states: string, { notices, ...options }: Options) {
    return {
      host: this.registry.host,
      repository: REPOSITORY,
      repositoriesRoot: states,
      onNotice: (text: string) => void notices?.push(text),
      ...options,
    };
  }
}
