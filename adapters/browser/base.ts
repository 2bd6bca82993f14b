import { DTufBase as Base } from '../../src/base.ts';
import type { Connection } from '../../src/options.ts';
import { connectionOf } from './options.ts';

/** See {@link Base}. @throws DTufError NOT_SUPPORTED where the page or worker is no secure context. */
export class DTufBase extends Base {
  constructor(options: Connection) {
    super(connectionOf(options));
  }
}
