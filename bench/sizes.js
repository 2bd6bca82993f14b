// What a page or worker fetches of dtuf, minified and gzipped, as bundled by vite from dist/ (`npm run build` first).
//   node bench/sizes.js
// It ends with 1 where something has grown above its bound. The goals were set before the code was there.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const verifies = (module) => `
  import { DTufCopy } from '${module}';
  const copy = new DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust: globalThis.rootJson });
  await copy.pullMetadata();
  globalThis.shown = await (await copy.pullTarget('demo.txt')).text();
`;

/** In bytes. */
const sizes = [
  {
    what: 'a page that verifies from a registry: its static imports',
    size: await bundled(verifies('../dist/browser.js')),
    bound: 20_000,
    goal: 20_000,
  },
  {
    what: 'the same, with all that its first visit loads late',
    size: await bundled(verifies('../dist/browser.js'), {
      late: /^(reader|native-targets|fetch-blob|trust|persistence)\d*-/,
    }),
    bound: 30_500,
  },
  {
    what: 'a page with <dtuf-download>: its static imports',
    size: await bundled(`import '../dist/element.js';`),
    bound: 24_000,
  },
  {
    what: 'a worker that verifies, as one file',
    size: await bundled(verifies('../dist/worker.js'), { asOneFile: true }),
    bound: 54_500,
    goal: 28_000,
  },
  {
    what: 'dist/element.min.js, which is one file',
    size: zipped(readFileSync('dist/element.min.js')),
    bound: 57_800,
    goal: 32_000,
  },
  {
    what: 'dist/dtuf.min.js, which is one file',
    size: zipped(readFileSync('dist/dtuf.min.js')),
    bound: 92_700,
  },
];

console.log('min + gzip, KB                                               size    bound    goal');
for (const { what, size, bound, goal } of sizes) {
  const columns = [size, bound, goal].map((bytes) =>
    (bytes === undefined ? '-' : kilobytes(bytes)).padStart(8),
  );
  console.log(`${what.padEnd(56)}${columns.join('')}${size > bound ? '  TOO LARGE' : ''}`);
}
if (sizes.some(({ size, bound }) => size > bound)) process.exitCode = 1;

/** The bytes of the entry, of all that it imports at once, and of the files of the name `late`; of everything, where it is to be one file. */
async function bundled(code, { asOneFile = false, late = /^$/ } = {}) {
  const entry = '\0entry';
  const [{ output }] = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id, importer) =>
          id.endsWith('virtual:entry')
            ? entry
            : importer === entry
              ? new URL(id, import.meta.url).pathname
              : undefined,
        load: (id) => (id === entry ? code : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      lib: { entry: 'virtual:entry', formats: ['es'], fileName: 'page' },
      rolldownOptions: { output: { minify: true, ...(asOneFile ? { codeSplitting: false } : {}) } },
    },
  });
  const chunks = new Map(
    output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]),
  );
  const reached = new Set(
    [...chunks.values()].filter(({ isEntry, fileName }) => isEntry || late.test(fileName)),
  );
  for (const { imports } of reached) for (const name of imports) reached.add(chunks.get(name));
  return [...reached].reduce((sum, chunk) => sum + zipped(chunk.code), 0);
}

function zipped(data) {
  return gzipSync(data, { level: 9 }).length;
}

function kilobytes(bytes) {
  return (bytes / 1000).toFixed(1);
}
