// Bundles test files, as they are, into modules that any runtime loads.
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const ENTRY = 'virtual:entry';

/**
 * @param run `files` (paths in the repository), `excluded` and `provided`, as entry.ts describes them
 * @param outDir a folder in the repository, so that the packages which stay outside of the bundle are found
 * @param start the module of this folder that runs it, if the runtime is not one that has all of Node: then the bundle
 * is one file, without `import()`, which throws in a service worker, and with nothing of Node
 * @returns the module that runs all
 */
export async function bundle(run, outDir, start) {
  await build({
    ...base,
    plugins: [entry(codeOf(run, start ?? 'entry.ts')), start ? noNode : places],
    // Tests start workers of their own. In one file: WebKitGTK evaluates the first module of a worker once more where a part of
    // it imports it.
    worker: { format: 'es', rolldownOptions: { output: { codeSplitting: false } } },
    build: {
      ssr: start === undefined,
      outDir,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: ENTRY,
        output: {
          entryFileNames: 'run.mjs',
          chunkFileNames: '[name]-[hash].mjs',
          ...(start ? { codeSplitting: false } : {}),
        },
        preserveEntrySignatures: 'strict',
        // package.json says that modules have no side effects; of a test they are all it has.
        treeshake: false,
      },
    },
  });
  return join(outDir, 'run.mjs');
}

/**
 * A module of the tests for this process, with what it imports later: vite's `runnerImport` ends with the first import.
 *
 * @param path in the repository
 */
export async function load(path, outDir) {
  await build({
    ...base,
    plugins: [places],
    build: {
      ssr: true,
      outDir,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(root, path),
        output: { entryFileNames: 'loaded.mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
  return import(pathToFileURL(join(outDir, 'loaded.mjs')).href);
}

function codeOf({ files, excluded, provided }, start) {
  const imports = files.map(
    (path) => `${JSON.stringify(path)}: () => import(${JSON.stringify(join(root, path))})`,
  );
  return `
    import { run } from ${JSON.stringify(join(root, 'test/runtimes', start))};
    export default run({
      files: { ${imports} },
      excluded: ${JSON.stringify(excluded)},
      provided: ${JSON.stringify(provided)},
    });`;
}

/** What bundles have in common with what run.js imports: the tests' own imports from vitest lead to the parts of it. */
export const base = {
  root,
  configFile: false,
  logLevel: 'error',
  resolve: {
    alias: [
      { find: /^vitest$/, replacement: join(root, 'test/runtimes/vitest.ts') },
      { find: /^vitest\/browser$/, replacement: join(root, 'test/runtimes/vitest-browser.ts') },
    ],
  },
  // What builds other bundles, or drives a browser, stays a package: it has native parts.
  ssr: { noExternal: true, external: ['vite', 'playwright', 'publint'] },
};

function entry(code) {
  return {
    name: 'entry',
    resolveId: (id) => (id === ENTRY ? `\0${ENTRY}` : undefined),
    load: (id) => (id === `\0${ENTRY}` ? code : undefined),
  };
}

/** Tests find their fixtures beside themselves, not beside the bundle. */
const places = {
  name: 'places',
  enforce: 'pre',
  transform(code, id) {
    const path = relative(root, id);
    if (!path.startsWith('test/') || path.includes('?') || !code.includes('import.meta.url')) return;
    return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
  },
};

/** A test that only Node can run is to be named in suites.js, with the reason. */
const noNode = {
  name: 'no node',
  enforce: 'pre',
  resolveId(id, importer) {
    if (id.startsWith('node:'))
      throw new Error(`${relative(root, importer)} needs ${id}: name it in suites.js`);
  },
};
