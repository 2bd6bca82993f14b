// What we export, read by the reference implementation of TUF.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { exportFolder } from '../../adapters/node/export-folder.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { utf8 } from '../../src/encoding.ts';
import { DTufCopy, DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';
import { describeWithPythonTuf } from '../python-tuf/peer.ts';
import { Web } from './web.ts';

const CLIENT = `
import sys
from tuf.ngclient import Updater
address, folder, root = sys.argv[1:4]
updater = Updater(folder, address + "/metadata/", folder, address + "/targets/", bootstrap=open(root, "rb").read())
updater.refresh()
for name in sys.argv[4:]:
    print(open(updater.download_target(updater.get_targetinfo(name))).read())
`;

describeWithPythonTuf('an export', () => {
  it('is refreshed from and downloaded from by python-tuf', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dtuf-export-python-'));
    const web = await Web.start();
    try {
      const host = embeddedRegistry();
      const store = memoryStore();
      const master = new DTufMaster({
        host,
        repository: 'fred/demo',
        store,
        lock: memoryLock(),
        passwords: () => 'secret',
      });
      const { publicKey } = await master.createRootKey();
      await master.createMetadataKeys();
      await master.createMetadata();
      await master.pushTarget('a.txt', utf8('first'));
      await master.pushTarget('docs/b c.txt', utf8('second'));
      await master.pushMetadata();
      const copy = new DTufCopy({ host, repository: 'fred/demo', trust: publicKey, store: memoryStore() });
      await copy.pullMetadata();
      await exportFolder(copy, web.folder);
      const name = 'repository/metadata.staged/1.root.json';
      const root = (await store.read([name])).get(name)?.bytes;
      if (root === undefined) throw new Error('the publisher keeps its first root');
      await writeFile(join(folder, 'root.json'), root);
      const args = ['-c', CLIENT, web.origin, folder, join(folder, 'root.json'), 'a.txt', 'docs/b c.txt'];
      const { stdout } = await promisify(execFile)(process.env['DTUF_PYTHON_TUF'] ?? '', args);
      expect(stdout).toBe('first\nsecond\n');
    } finally {
      await web.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
