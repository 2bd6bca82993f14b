// The options of the public classes with this host's parts filled in.
import { resolve } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import { parseMetadataAddress } from '../../src/layout/web-address.ts';
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
  const { repositoriesRoot = 'dtuf_repos' } = options;
  const folder = resolve(repositoriesRoot, ...stateName(options), side);
  return {
    openPrivateKey,
    ...connectionOf(options),
    store: options.store ?? fileStore(folder),
    lock: options.lock ?? fileLock(folder),
    files: options.files ?? nodeFiles(),
  };
}

/** The folder of a repository; without a name, that of its address. `@` is in no repository name. */
function stateName({ repository, layout, host }: NodeOptions): readonly string[] {
  if (repository !== undefined) return parseRepositoryName(repository).split('/');
  if (layout === 'http' && (typeof host === 'string' || host instanceof URL)) {
    return [`@${encodeURIComponent(parseMetadataAddress(host).base.href).replaceAll('*', '%2A')}`];
  }
  throw new DTufError('INVALID_ARGUMENT', 'no repository is named', { expected: 'a name like fred/demo' });
}
