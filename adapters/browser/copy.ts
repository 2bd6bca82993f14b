import type { Trust } from '../../src/client/trust.ts';
import { DTufCopy as Copy } from '../../src/copy.ts';
import type { Options } from '../../src/options.ts';
import type { Store } from '../../src/ports.ts';
import { filesOf } from './files.ts';
import { stateOf } from './options.ts';

/**
 * See {@link Copy}. The state is kept in IndexedDB, for the registry and the repository.
 *
 * @throws DTufError NOT_SUPPORTED where the page is no secure context; STORAGE_UNAVAILABLE, by the methods, where the
 * browser keeps nothing for this page.
 * @example
 * const copy = new DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust: new URL('./root.json', import.meta.url) });
 * await copy.pullMetadata();
 * button.onclick = async () => (await copy.pullTarget('demo.txt')).save();
 */
export class DTufCopy extends Copy {
  constructor(options: Options & { trust?: Trust; store?: Store }) {
    super({ ...stateOf(options, 'copy'), files: filesOf(options) });
  }
}
