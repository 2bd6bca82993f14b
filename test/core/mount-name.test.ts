import { expect, test } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { utf8 } from '../../src/encoding.ts';
import { DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';

test('a name that is none is refused as mountFrom also where the data is there already (ATTACKS 60)', async () => {
  const master = new DTufMaster({
    host: embeddedRegistry(),
    repository: 'fred/demo',
    store: memoryStore(),
    lock: memoryLock(),
    passwords: () => 'secret',
  });
  await master.createRootKey();
  await master.createMetadataKeys();
  await master.createMetadata();
  await master.pushTarget('a', utf8('data'));
  const again = master.pushTarget('a', utf8('data'), { mountFrom: 'Bad//' });
  await expect(again).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
