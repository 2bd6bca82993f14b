import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { embeddedRegistry, memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { registrySuite } from './suite.ts';

registrySuite('the embedded registry in memory, in the process', async () => ({
  place: embeddedRegistry({ storage: memoryStorage() }),
  stop: async () => undefined,
}));

registrySuite('the embedded registry over a folder, in the process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-embedded-'));
  return {
    place: embeddedRegistry({ storage: folderStorage(folder) }),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
});

registrySuite('the embedded registry over a folder, served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-embedded-'));
  const server = await serve({ folder });
  return {
    place: server.url,
    stop: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
