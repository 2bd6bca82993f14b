// Counts the requests of each operation, done as the command does it: by an object of its own, which has to sign in anew.
// Counted, not timed; what is counted is the same everywhere.
//   node bench/requests.js [registry address]   (default: an embedded registry in the process, without and with a login)
import { DTufCopy, DTufMaster, embeddedRegistry, memoryLock, memoryStore } from './dtuf.js';

const LOGIN = { username: 'fred', password: 'secret' };
const BASIC = `Basic ${btoa(`${LOGIN.username}:${LOGIN.password}`)}`;

/** What may be asked more than once, by how one signs in: without a login a read is one request. */
const bounds = { anonymous: 1, Basic: 2, token: 3 };

/** What stands before the registry: an answer, or undefined to let a request pass. */
const gates = {
  anonymous: () => () => undefined,
  Basic: () => (request) =>
    request.headers.get('authorization') === BASIC
      ? undefined
      : new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="bench"' } }),
  token: () => (request) => {
    const url = new URL(request.url);
    if (url.pathname === '/token')
      return Response.json({ token: url.searchParams.getAll('scope').join(' ') });
    const wanted = request.method === 'GET' ? 'pull' : 'push';
    const granted = request.headers.get('authorization') ?? '';
    if (granted.startsWith('Bearer ') && granted.includes(wanted)) return undefined;
    const challenge = `Bearer realm="${url.origin}/token",service="bench"`;
    return new Response('', { status: 401, headers: { 'WWW-Authenticate': challenge } });
  },
};

const address = process.argv[2];
const columns = address === undefined ? Object.keys(bounds) : ['anonymous'];
const tables = await Promise.all(columns.map((how) => count(how)));
console.log(['what'.padEnd(44), ...columns.map((how) => how.padStart(10))].join(''));
for (const [i, { what, reads }] of tables[0].entries()) {
  const counts = tables.map((table) => table[i].requests.length);
  const broken = reads && counts.some((n, column) => n > bounds[columns[column]]);
  if (broken) process.exitCode = 1;
  const verdict = reads ? (broken ? '  BROKEN' : '  bound kept') : '';
  console.log(what.padEnd(44) + counts.map((n) => String(n).padStart(10)).join('') + verdict);
  if (process.env.VERBOSE) for (const table of tables) console.log(`   ${table[i].requests.join(', ')}`);
}

async function count(how) {
  const registry = embeddedRegistry();
  const gate = gates[how]();
  const repository = `bench/requests-${Date.now().toString(36)}`;
  let requests = [];
  const counted = async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, { ...init, body: undefined });
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname.replace(`/v2/${repository}`, '')}`);
    return gate(request) ?? (address === undefined ? registry.fetch(input, init) : fetch(input, init));
  };
  const credentials = how === 'anonymous' ? {} : { credentials: LOGIN };
  // One connection is fast enough, however slow this machine is at the moment.
  const limits = { fast: 0 };
  const place = { host: address ?? { fetch: counted }, repository, fetch: counted, limits, ...credentials };
  const [store, lock, copyStore] = [memoryStore(), memoryLock(), memoryStore()];
  const keys = new DTufMaster({ ...place, store, lock, passwords: () => 'password' });
  const master = () => new DTufMaster({ ...place, store, lock, passwords: () => 'password' });
  const copy = (more) => new DTufCopy({ ...place, store: copyStore, conditional: true, ...more });
  const rows = [];
  const measure = async (what, work, reads = false) => {
    requests = [];
    await work();
    rows.push({ what, requests, reads });
    requests = [];
  };
  const small = new Uint8Array(1000).fill(1);
  const large = new Uint8Array(20_000_000).fill(2);

  const { publicKey: trust } = await keys.createRootKey();
  await keys.createMetadataKeys();
  await keys.createMetadata();
  await measure('push of a new target', () => master().pushTarget('small', small));
  await measure('push of the same target again', () => master().pushTarget('small', small));
  await master().pushTarget('large', large);
  await measure('first push of metadata', () => master().pushMetadata());
  await measure('push of metadata again', () => master().pushMetadata());
  for (const _ of [2, 3]) {
    await keys.createRootKey();
    await keys.resetKeys();
    await keys.pushMetadata();
  }
  await measure('first refresh, of 3 root versions', () => copy({ trust }).pullMetadata(), true);
  await measure('refresh where nothing changed', () => copy().pullMetadata(), true);
  await measure('pull of a small target', async () => (await copy().pullTarget('small')).bytes(), true);
  await measure('pull of a target of 20 MB', async () => (await copy().pullTarget('large')).bytes(), true);
  await master().pushTarget('small', new Uint8Array(2000));
  await master().pushMetadata();
  await measure('refresh where a target changed', () => copy().pullMetadata(), true);
  return rows;
}
