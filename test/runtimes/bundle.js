// Bundles test files, as they are, into modules that any runtime loads.
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const ENTRY = 'virtual:entry';

/**
 * @param run `files` (paths in the repository), `excluded` and `provided`, as entry.ts describes them
 * @param outDir a folder in the repository, so that the packages which stay outside of the bundle are found
 * @returns the module that runs all
 */
export async function bundle({ files, excluded, provided }, outDir) {
  const imports = files.map(
    (path) => `${JSON.stringify(path)}: () => import(${JSON.stringify(join(root, path))})`,
  );
  const code = `
    import { run } from ${JSON.stringify(join(root, 'test/runtimes/entry.ts'))};
    run({ files: { ${imports} }, excluded: ${JSON.stringify(excluded)}, provided: ${JSON.stringify(provided)} });`;
  await build({
    ...base,
    plugins: [entry(code), places],
    build: {
      ssr: true,
      outDir,
      target: 'es2022',
      minify: false,
      rolldownOptions: {
        input: ENTRY,
        output: { entryFileNames: 'run.mjs', chunkFileNames: '[name]-[hash].mjs' },
        // package.json says that modules have no side effects; of a test they are all it has.
        treeshake: false,
      },
    },
  });
  return join(outDir, 'run.mjs');
}

/** What bundles have in common with `runnerImport`: the tests' own imports from vitest lead to the parts of it. */
export const base = {
  root,
  configFile: false,
  logLevel: 'error',
  resolve: { alias: [{ find: /^vitest$/, replacement: join(root, 'test/runtimes/vitest.ts') }] },
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
