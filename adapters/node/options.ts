// The options of the public classes with this host's parts filled in.
import { resolve } from 'node:path';
import type { Connection, Options, Place } from '../../src/options.ts';
import type { Files, Lock, Store } from '../../src/ports.ts';
import { parseRepositoryName } from '../../src/registry/reference.ts';
import { folderStorage } from '../registry/folder.ts';
import { embeddedRegistry } from '../registry/index.ts';
import { nodeDigester } from './digester.ts';
import { fileLock } from './file-lock.ts';
import { fileStore } from './file-store.ts';
import { nodeFiles } from './files.ts';
import { openPrivateKey } from './private-key.ts';

/** What the classes of `dtuf/node` take beside the options of the core. */
export interface NodeOptions extends Options {
  /** The folder of the state folders: `<root>/<repository>/{master,copy}`. By default `dtuf_repos` in the working directory. */
  repositoriesRoot?: string;
}

const OCI = 'oci:';

/** Fills in native hashing and the places of this host: `oci:FOLDER` is the embedded registry over a folder. */
export function connectionOf<T extends Connection>(options: T): T {
  return { digester: nodeDigester, conditional: true, ...options, host: placeOf(options.host) };
}

function placeOf(place: Place): Place {
  const text = place instanceof URL ? place.href : place;
  if (typeof text !== 'string' || !text.startsWith(OCI)) return place;
  return embeddedRegistry({ storage: folderStorage(resolve(text.slice(OCI.length))) });
}

/** Fills in the state folder, its lock and the files of this host. @param side `master` or `copy`. */
export function stateOf<T extends NodeOptions>(
  options: T,
  side: 'master' | 'copy',
): T & { store: Store; lock: Lock; files: Files } {
  const { repositoriesRoot = 'dtuf_repos', repository } = options;
  const folder = resolve(repositoriesRoot, ...parseRepositoryName(repository).split('/'), side);
  return {
    openPrivateKey,
    ...connectionOf(options),
    store: options.store ?? fileStore(folder),
    lock: options.lock ?? fileLock(folder),
    files: options.files ?? nodeFiles(),
  };
}
