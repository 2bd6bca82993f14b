// Apart from the client: bundlers that leave out no module that is imported would carry all of this into pages that only verify.
import { DTufMaster as Master, type MasterOptions, type RootKeyOptions } from '../../src/master.ts';
import type { Options } from '../../src/options.ts';
import type { CreatedKey } from '../../src/publish/key-files.ts';
import { filesOf } from './files.ts';
import { publisherOf } from './options.ts';

/**
 * See {@link Master}. Metadata and keys are kept in IndexedDB, but for the root key, which `createRootKey` returns. For keys
 * that nobody can take out of the browser see {@link pageKeys}.
 *
 * @throws DTufError NOT_SUPPORTED where the page is no secure context.
 */
export class DTufMaster extends Master {
  constructor(options: Options & Omit<MasterOptions, 'store' | 'lock'>) {
    super({ ...publisherOf(options), files: filesOf(options) });
  }

  /**
   * See {@link Master.createRootKey}. The private key is in the result, and stored only with `{ store: true }`: what a browser
   * may empty must not hold the only root key.
   */
  override createRootKey({ store = false, ...options }: RootKeyOptions = {}): Promise<CreatedKey> {
    return super.createRootKey({ store, ...options });
  }
}
