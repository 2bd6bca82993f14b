import { join } from 'node:path';
import type { Command } from 'commander';
import type { Act, Context } from './context.ts';
import { command } from './help.ts';
import { locate } from './reference.ts';
import { openMaster } from './session.ts';
import { stateVariables, type Variable } from './variables.ts';

const passwords: readonly Variable[] = [
  'DTUF_ROOT_KEY_PASSWORD',
  'DTUF_TARGETS_KEY_PASSWORD',
  'DTUF_SNAPSHOT_KEY_PASSWORD',
  'DTUF_TIMESTAMP_KEY_PASSWORD',
];
const lifetimes: readonly Variable[] = [
  'DTUF_ROOT_LIFETIME',
  'DTUF_TARGETS_LIFETIME',
  'DTUF_SNAPSHOT_LIFETIME',
  'DTUF_TIMESTAMP_LIFETIME',
];

/** The commands that make keys and the first metadata. */
export function keyCommands(program: Command, act: Act): void {
  command(program, 'create-root-key <repo>', {
    does: 'Create the root key pair of a repository. Clients need its public half once; the private one can be kept offline.',
    reads: [...stateVariables, 'DTUF_KEY_TYPE', 'DTUF_ROOT_KEY_PASSWORD'],
    example: 'dtuf create-root-key fred/demo',
  }).action((repo: string) => act((context) => createRootKey(context, repo)));

  command(program, 'create-metadata-keys <repo>', {
    does: 'Create the key pairs of targets, snapshot and timestamp.',
    reads: [...stateVariables, 'DTUF_KEY_TYPE', ...passwords.slice(1)],
    example: 'dtuf create-metadata-keys fred/demo',
  }).action((repo: string) => act((context) => createMetadataKeys(context, repo)));

  command(program, 'create-metadata <repo>', {
    does: 'Create and sign the first metadata of a repository. Nothing is published yet.',
    reads: [...stateVariables, ...passwords, ...lifetimes],
    example: 'dtuf create-metadata fred/demo',
  }).action((repo: string) => act((context) => createMetadata(context, repo)));

  command(program, 'reset-keys <repo>', {
    does: 'Sign a new root with the keys that are there now. For new keys, and for a root that is about to expire; publish it with push-metadata.',
    reads: [...stateVariables, ...passwords, ...lifetimes],
    example: `dtuf create-metadata-keys fred/demo
      dtuf reset-keys fred/demo
      dtuf push-metadata fred/demo`,
  }).action((repo: string) => act((context) => resetKeys(context, repo)));
}

async function createRootKey(context: Context, repo: string): Promise<undefined> {
  const master = await openMaster(context, repo);
  const { setAside } = await master.createRootKey();
  context.log.note(`made the root key ${join(keysFolder(context, repo), 'root_key')}`);
  context.log.note(`give ${join(keysFolder(context, repo), 'root_key.pub')} to those who pull from ${repo}`);
  context.log.note(
    setAside === undefined
      ? `next: dtuf create-metadata-keys ${repo}`
      : `next: dtuf reset-keys ${repo}, then dtuf push-metadata ${repo}`,
  );
}

async function createMetadataKeys(context: Context, repo: string): Promise<undefined> {
  const master = await openMaster(context, repo);
  await master.createMetadataKeys();
  context.log.note(`made the keys of targets, snapshot and timestamp in ${keysFolder(context, repo)}`);
  context.log.note(`next: dtuf create-metadata ${repo}, or dtuf reset-keys ${repo} where there is metadata`);
}

async function createMetadata(context: Context, repo: string): Promise<undefined> {
  const master = await openMaster(context, repo);
  await master.createMetadata();
  context.log.note(`made the metadata of ${repo}`);
  context.log.note(`next: dtuf push-target ${repo} <target> <file>, then dtuf push-metadata ${repo}`);
}

async function resetKeys(context: Context, repo: string): Promise<undefined> {
  const master = await openMaster(context, repo);
  await master.resetKeys();
  context.log.note(`signed a new root of ${repo}`);
  context.log.note(`next: dtuf push-metadata ${repo}`);
}

function keysFolder(context: Context, repo: string): string {
  const { repositoriesRoot, repository } = locate(context.environment, repo);
  return join(repositoriesRoot, repository, 'master', 'keys');
}
