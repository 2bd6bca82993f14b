// Which test files run in other runtimes, and which of their tests do not, with the reason.
import { readdirSync } from 'node:fs';
import { root } from './bundle.js';
import { runtimes } from './launch.js';

/** What is ours and runs anywhere. */
const core = ['test/core/', 'test/tuf/', 'test/client/', 'test/conformance/'];

const suites = {
  core,
  /** What of it `npm test` has no page for. */
  beyond: ['test/client/', 'test/core/publishing.', 'test/tuf/'],
  /** Publish, refresh, verify and refuse, and what asks most of an engine; test/core/publishing.test.ts is long. */
  short: [
    'test/core/journey.',
    'test/core/digester.',
    'test/core/tuf-',
    'test/core/written-stream.',
    'test/client/targets.',
  ],
  /** What is of pages; some of it is of workers too. */
  page: [
    'test/browser/bounded-body.',
    'test/browser/classes.',
    'test/browser/cross-origin.',
    'test/browser/element.',
    'test/browser/faulty-registry.',
    'test/browser/files.',
    'test/browser/held-in-memory.',
    'test/browser/indexed-db-store.',
    'test/browser/own-buffers.',
    'test/browser/web-lock.',
  ],
  /** What a registry may answer, which needs no server. */
  lies: [
    'test/legacy/alias.',
    'test/legacy/confusion.',
    'test/registry/hostile-headers.',
    'test/registry/manifest.',
    'test/whole/manifest-targets.',
    'test/whole/metadata-lies.',
  ],
  store: ['test/browser/indexed-db-store.', 'test/browser/own-buffers.', 'test/browser/web-lock.'],
  classes: ['test/browser/classes.'],
  worker: ['test/browser/worker-stream.', 'test/runtimes/worker-read.'],
  private: ['test/browser/private-window.'],
  room: ['test/browser/little-room.'],
  /** What is ours, the registry that is embedded, the client of any, the adapter for Node, and the command. */
  all: [
    ...core,
    'test/embedded/',
    'test/http/',
    // Not file-store-kill.test.ts, which starts a hundred processes in order to kill them.
    'test/node/digester.',
    'test/node/file-lock.',
    'test/node/file-store.',
    'test/node/files.',
    'test/node/private-key.',
    'test/registry/',
    // Of the command no more than this: the rest of test/cli starts it hundreds of times.
    'test/runtimes/command.',
  ],
};

/** Tests of uploads that are streams, which they are not there. */
const uploadsAreHeld = entries(
  'An upload is held in memory. Deno sends a stream in chunks, without the Content-Length that registries ask for, and ' +
    'Bun cannot be told from that before something is sent (src/registry/abilities.ts).',
  'test/registry/runtimes.test.ts > an upload > of a large file is a stream that is not kept for a redirect',
  'test/registry/client.test.ts > the registry client > on docker-registry 2.8 > the progress of a push',
  'test/registry/embedded.test.ts > the embedded registry in memory, in the process > the progress of a push',
  'test/registry/embedded.test.ts > the embedded registry over a folder, in the process > the progress of a push',
  'test/registry/embedded.test.ts > the embedded registry over a folder, served > the progress of a push',
);

/** Of pages that nothing drives. */
const pressesNoKeys = entries(
  'Nothing here presses keys; test/browser-page/engine-keyboard.test.ts does, in this engine too.',
  'test/browser/element.test.ts > <dtuf-download> > is a button for the keyboard, and keeps the focus while it works',
);
const setsNoQuota = entries(
  'Chromium alone lets a test say how much room a site has.',
  'test/browser/files.test.ts > a spool in a page > that outgrows the quota says so',
  'test/browser/indexed-db-store.test.ts > a store in IndexedDB that fails > says that the quota is used up',
);

const startsNoWorkers = entries(
  'It starts no other workers.',
  'test/browser/indexed-db-store.test.ts > a store in IndexedDB > loses nothing where a page and a worker write',
);
const largeChunks = entries(
  'Workers of Firefox hand out 64 KiB of a body at once, which are too little to give back.',
  'test/browser/own-buffers.test.ts > a chunk that is let go makes room for another',
);
const noPrivateFiles = entries(
  'There are no private files (OPFS); the same file has tests of a worker without them.',
  'test/browser/worker-stream.test.ts > a large stream in a worker with private files',
);
const savesNothing = {
  ...setsNoQuota,
  ...entries('A worker saves nothing.', 'test/browser/classes.test.ts > a target in a page'),
  ...entries(
    'A worker may not ask for its storage to be kept.',
    'test/browser/classes.test.ts > what a page keeps > is asked of the browser to be kept',
  ),
};

/** What is not run, by runtime: the beginnings of names of tests, each with its reason. */
const excluded = {
  deno: {
    ...uploadsAreHeld,
    ...entries(
      'Where a request says Accept-Encoding, Deno hands out an answer as it was coded. It is refused, by its digest.',
      'test/http/targets.test.ts > a target over http > that is compressed on the way comes out right',
      'test/registry/faults.test.ts > a registry that fails > with broken bodies > an answer that was compressed',
    ),
    ...entries(
      'Deno sends a stream without Content-Length, by which the registry of the test would refuse it or the test knows it.',
      'test/registry/chunks.test.ts > an upload in chunks > that a registry asks for > by 413 to a body of many megabytes',
      'test/registry/chunks.test.ts > an upload in chunks > that a registry asks for > by 413 to chunks too',
      'test/registry/uploads.test.ts > a registry that takes uploads badly > with uploads > an upload goes with its length',
    ),
    ...entries(
      'The test has bash start process.execPath with a file, and Deno started so may not open files.',
      'test/embedded/processes.test.ts > a disk without room is answered with 507',
    ),
    ...entries(
      'Deno’s FileHandle.write to a pipe holds up the thread, and with it the reader that the test has in the same process.',
      'test/node/files.test.ts > a sink > to a pipe gives it every byte at the commit',
    ),
    ...entries(
      'Deno’s node:crypto opens no PKCS#8 under PBKDF2 with SHA-1, or under triple DES.',
      'test/node/private-key.test.ts > keys that openssl encrypted > open: PKCS#8, AES-128, PBKDF2 with SHA-1',
      'test/node/private-key.test.ts > keys that openssl encrypted > open: PKCS#8, triple DES',
    ),
  },
  'node-20.19.0': entries(
    'This Node warns on stderr, once a process, that its Ed25519 is experimental; the test wants nothing there.',
    'test/conformance/client.test.ts > the client under test > is initialised without a request',
    'test/conformance/client.test.ts > the client under test > downloads targets in order',
    'test/conformance/client.test.ts > the client under test > ends at the first target that fails',
  ),
  workerd: noPrivateFiles,
  '*-worker': savesNothing,
  '*-shared-worker': savesNothing,
  '*-service-worker': {
    ...setsNoQuota,
    ...entries(
      'The data of a site include its service workers: this one would clear itself away.',
      'test/browser/indexed-db-store.test.ts > a store in IndexedDB that fails > begins anew after the user cleared',
    ),
    ...entries(
      'A service worker has no addresses of data (URL.createObjectURL), which the test fetches.',
      'test/browser/own-buffers.test.ts',
    ),
    ...startsNoWorkers,
  },
  'chromium-shared-worker': startsNoWorkers,
  'firefox-worker': largeChunks,
  'firefox-shared-worker': largeChunks,
  'webkit-shared-worker': startsNoWorkers,
  'firefox-*': {
    ...pressesNoKeys,
    ...setsNoQuota,
    ...entries(
      'Firefox has neither a picker nor FileSystemHandle.remove(), which the test’s own picker leads to.',
      'test/browser/classes.test.ts > a target in a page > that is refused leaves nothing',
      'test/browser/element.test.ts > <dtuf-download> > asks for the file first, and leaves none that is empty',
      'test/browser/files.test.ts > a picker > leaves no empty file where nothing came of it',
    ),
  },
  'webkit-*': {
    ...pressesNoKeys,
    ...noPrivateFiles,
    ...entries(
      'WebKitGTK gives pages no private files (OPFS). What it does without is in held-in-memory.test.ts.',
      'test/browser/files.test.ts',
      ...[
        'aborted leaves what came, and the next save',
        'aborted leaves nothing where it is not to be resumed',
        'refused leaves nothing, neither in the private files',
      ].map((what) => `test/browser/classes.test.ts > a target in a page > that is ${what}`),
      'test/browser/classes.test.ts > a target in a page > whose spool was damaged meanwhile',
      'test/browser/classes.test.ts > a target in a page > is copied to the file that was picked',
      'test/browser/element.test.ts > <dtuf-download> > asks for the file first, and leaves none that is empty',
    ),
    ...entries(
      'WebKitGTK has no navigator.storage, and so nothing that could be asked to keep what is stored.',
      'test/browser/classes.test.ts > what a page keeps > is asked of the browser to be kept',
    ),
    ...entries(
      'WebKit hands out its own crypto and navigator, whatever a test puts in their places.',
      'test/browser/classes.test.ts > a page that cannot keep or verify anything > says that it is no secure context',
      'test/browser/web-lock.test.ts > a Web Lock > says plainly that there are none',
    ),
    ...entries(
      'Chromium alone lets a test say how much room a site has.',
      'test/browser/indexed-db-store.test.ts > a store in IndexedDB that fails > says that the quota is used up',
    ),
    ...entries(
      'WebKitGTK’s libgcrypt multiplies the key by -k mod L. Where the key has a part of small order, as no honest one has, ' +
        'that is not the same as -(k mod L): such a key verifies other signatures there than elsewhere.',
      ...[1, 2, 3, 4, 5, 6].map(
        (i) =>
          `test/core/tuf-ed25519.test.ts > points of mixed order > a key with the torsion point ${i} has one verdict`,
      ),
    ),
  },
  bun: {
    ...uploadsAreHeld,
    ...entries(
      'Where a connection breaks that was used before, Bun sends a request again by itself; the test counts ours.',
      'test/registry/chunks.test.ts > an upload in chunks > that fails > after it has arrived, goes on',
      'test/registry/chunks.test.ts > an upload in chunks > that fails > where it closes, and was stored all the same',
      'test/registry/fault-table.test.ts',
      'test/registry/once.test.ts > a PUT whose answer is lost',
      'test/registry/uploads.test.ts > a registry that takes uploads badly > with uploads > an upload that is cut',
    ),
    ...entries(
      'The test holds back the first connection until the second request was answered. In Bun the rest of the first then often ' +
        'comes before a third request is made, which is to meet the fault (other ones of these tests fail each time).',
      'test/registry/ranges.test.ts > a large blob > has several ranges under way at once',
      'test/registry/ranges.test.ts > a large blob > from a registry that',
    ),
    ...entries(
      'The bound is that of a process which runs this file alone, and Bun gives memory back late.',
      'test/embedded/serve.test.ts > over HTTP > a large blob goes up and down as a stream while memory stays flat',
    ),
    ...entries(
      'Bun’s node:crypto (BoringSSL) opens no PKCS#8 under scrypt or under PBKDF2 with SHA-512.',
      'test/node/private-key.test.ts > keys that openssl encrypted > open: PKCS#8, AES-192, PBKDF2 with SHA-512',
      'test/node/private-key.test.ts > keys that openssl encrypted > open: PKCS#8, scrypt',
    ),
  },
};

function entries(reason, ...names) {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** Files of the core that only what has Node's modules can load. */
const nodeOnly = {
  ...entries(
    'It makes its keys or signatures with node:crypto, as another implementation than ours.',
    'test/tuf/ecdsa.test.ts',
    'test/tuf/first-root.test.ts',
    'test/tuf/rsa.test.ts',
  ),
  ...entries(
    'It reads the files of a repository that stands on the disk.',
    'test/conformance/sigstore.test.ts',
    'test/tuf/sigstore.test.ts',
  ),
  ...entries(
    'It starts the client of the public conformance suite as a process.',
    'test/conformance/client.test.ts',
  ),
};

/** @returns the `files` that run in a runtime, and the beginnings of what is `excluded` */
export function select(name, parts) {
  const runtime = runtimes[name];
  const all = readdirSync(`${root}test`, { recursive: true })
    .map((path) => `test/${path}`)
    .filter((path) => path.endsWith('.test.ts'));
  const gone = Object.keys(nodeOnly).filter((path) => !all.includes(path));
  if (gone.length > 0) throw new Error(`suites.js excludes what is not there: ${gone.join(', ')}`);
  const files = all
    .filter((path) => runtime.suites.flatMap((name) => suites[name]).some((suite) => path.startsWith(suite)))
    // It counts the steps of a copy of src that it makes itself, with vite: in one runtime as in the other.
    .filter((path) => path !== 'test/tuf/linear.test.ts')
    .filter((path) => runtime.entry === undefined || !(path in nodeOnly))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .sort();
  const names = [name, ...(runtime.like ?? [])].flatMap((one) => Object.keys(excluded[one] ?? {}));
  return { files, excluded: names.filter((test) => files.some((path) => test.startsWith(path))) };
}
