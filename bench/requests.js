// Counts the requests of the main operations against an anonymous registry, by a fetch that counts. Counted, not timed.
//   node bench/requests.js [registry address]   (default: an embedded registry in the process)
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DTufCopy, DTufMaster, embeddedRegistry, memoryLock, memoryStore } from './dtuf.js';

const repositoriesRoot = await mkdtemp(join(tmpdir(), 'dtuf-requests-'));
try {
  for (const { what, requests, bound } of await count(process.argv[2])) {
    const verdict =
      bound === undefined
        ? ''
        : requests.length <= bound
          ? ` (bound ${bound}: kept)`
          : ` (bound ${bound}: BROKEN)`;
    if (verdict.includes('BROKEN')) process.exitCode = 1;
    console.log(`${String(requests.length).padStart(3)}  ${what}${verdict}`);
    if (process.env.VERBOSE) for (const request of requests) console.log(`       ${request}`);
  }
} finally {
  await rm(repositoriesRoot, { recursive: true, force: true });
}

async function count(address) {
  const registry = address ?? embeddedRegistry();
  const repository = `bench/requests-${Date.now().toString(36)}`;
  let requests = [];
  const fetchCounted = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    requests.push(
      `${init?.method ?? (input instanceof Request ? input.method : 'GET')} ${new URL(url).pathname}`,
    );
    return typeof registry === 'string' ? fetch(input, init) : registry.fetch(input, init);
  };
  const host = address === undefined ? { fetch: fetchCounted } : address;
  const options = { host, repository, fetch: fetchCounted, repositoriesRoot };
  const results = [];
  const measure = async (what, work, bound) => {
    requests = [];
    const result = await work();
    results.push({ what, requests, bound });
    requests = [];
    return result;
  };

  const master = new DTufMaster({ ...options, lock: memoryLock(), passwords: () => 'password' });
  const { publicKey: trust } = await master.createRootKey();
  await master.createMetadataKeys();
  await master.createMetadata();
  await measure('push of a new small target', () => master.pushTarget('small', new Uint8Array(1000)));
  await measure('push of the same target again', () => master.pushTarget('small', new Uint8Array(1000)));
  await measure('first push of metadata', () => master.pushMetadata());
  await measure('push of metadata again', () => master.pushMetadata());
  for (const _ of [2, 3]) {
    await master.createRootKey();
    await master.resetKeys();
    await master.pushMetadata();
  }

  const copy = new DTufCopy({ ...options, trust, store: memoryStore() });
  await measure('first refresh with the root key, 3 root versions', () => copy.pullMetadata(), 1);
  await measure('pull of a small target after it', async () => (await copy.pullTarget('small')).bytes(), 1);
  await measure('refresh where nothing changed', () => copy.pullMetadata(), 1);
  await master.pushTarget('small', new Uint8Array(2000));
  await master.pushMetadata();
  await measure('refresh where a target changed', () => copy.pullMetadata(), 1);
  return results;
}
