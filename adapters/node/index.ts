// `dtuf/node`: the core with the file store, native hashing and `oci:` places as defaults, for Node, Deno and Bun.
import { DTufBase as Base } from '../../src/base.ts';
import type { Trust } from '../../src/client/trust.ts';
import { DTufCopy as Copy } from '../../src/copy.ts';
import { DTufMaster as Master, type MasterOptions } from '../../src/master.ts';
import type { Connection } from '../../src/options.ts';
import type { Store } from '../../src/ports.ts';
import { connectionOf, type NodeOptions, stateOf } from './options.ts';

export * from '../../src/index.ts';
export { folderStorage } from '../registry/folder.ts';
export { type Collected, collectGarbage } from '../registry/garbage.ts';
export { type Serving, serve } from '../registry/serve.ts';
export { dockerCredentials } from './credentials/index.ts';
export { nodeDigester } from './digester.ts';
export { environmentFetch } from './environment-fetch.ts';
export { type Exported, exportFolder } from './export-folder.ts';
export { fileLock } from './file-lock.ts';
export { fileStore } from './file-store.ts';
export { nodeFiles } from './files.ts';
export type { NodeOptions } from './options.ts';
export { openPrivateKey } from './private-key.ts';

/** See {@link Base}; `host` may be `oci:FOLDER`. */
export class DTufBase extends Base {
  constructor(options: Connection) {
    super(connectionOf(options));
  }
}

/**
 * See {@link Copy}. The state is kept in `<repositoriesRoot>/<repository>/copy`.
 *
 * @example
 * const copy = new DTufCopy({ host: 'registry.example.com', repository: 'fred/demo', trust: new URL('./root.json', import.meta.url) });
 * await copy.pullMetadata();
 * await (await copy.pullTarget('demo.txt')).save({ path: 'demo.txt' });
 */
export class DTufCopy extends Copy {
  constructor(options: NodeOptions & { trust?: Trust; store?: Store }) {
    super(stateOf(options, 'copy'));
  }
}

/** See {@link Master}. The state is kept in `<repositoriesRoot>/<repository>/master`. */
export class DTufMaster extends Master {
  constructor(options: NodeOptions & Omit<MasterOptions, 'store' | 'lock'>) {
    super(stateOf(options, 'master'));
  }
}
