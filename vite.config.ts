import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const subpaths = {
  index: 'src/index.ts',
  node: 'adapters/node/index.ts',
  browser: 'adapters/browser/index.ts',
  element: 'adapters/browser/element.ts',
  registry: 'adapters/registry/index.ts',
  tuf: 'src/tuf/index.ts',
  cli: 'adapters/cli/index.ts',
};

/** Files that stand for themselves: for a page without a build step, and for a service worker, where `import()` throws. */
const selfContained: Record<string, string> = {
  'dtuf.min': 'adapters/browser/index.ts',
  'element.min': 'adapters/browser/element.ts',
  worker: 'adapters/browser/worker.ts',
};

interface Graph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/**
 * What `entries` need from the beginning is in one file, and what is loaded late in files beside it. By itself the bundler
 * would make a file of whatever two parts share, and a page would fetch thirty.
 */
function atOnce(debugName: string, ...entries: string[]) {
  let early: Set<string> | undefined;
  const name = (id: string, graph: Graph): string | null => {
    early ??= reached(graph, entries);
    return early.has(id) ? debugName : null;
  };
  return { name, debugName };
}

/** What modules import at once, and what that does. */
function reached(graph: Graph, entries: readonly string[]): Set<string> {
  const found = new Set(entries.map((entry) => fileURLToPath(new URL(entry, import.meta.url))));
  for (const id of found)
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}

/**
 * `import()` of a part of ours as an import at once: in a file that stands for itself nothing is to be had later, and the
 * bundler would carry each part as a module of which nothing can be left out. What a part exports is named where it was to be
 * loaded, so that it goes with the function that nobody calls. asn1js stays as it is: it could not be left out any more.
 */
const allAtOnce: Plugin = {
  name: 'all-at-once',
  enforce: 'post',
  async transform(code, id) {
    const imports: string[] = [];
    let rewritten = code;
    for (const [call, , part = ''] of code.matchAll(/\bimport\((["'])((?!asn1js)[^"']+)\1\)/g)) {
      const found = await this.resolve(part, id);
      if (found === null) throw new Error(`${part}, of ${id}, is not there`);
      const { exports } = await this.load(found);
      if (!exports) throw new Error(`what ${part}, of ${id}, exports is not known`);
      const name = `part${imports.length}`;
      imports.push(`import * as ${name} from ${JSON.stringify(part)};`);
      const named = exports.map((member) => `${member}: ${name}.${member}`).join(', ');
      rewritten = rewritten.replace(call, `Promise.resolve({ ${named} })`);
    }
    return imports.length === 0 ? null : { code: imports.join('') + rewritten, map: null };
  },
};

const groups = [
  // With what a page adds to it: in one file both are smaller, and other hosts do not mind a few kilobytes on their disk.
  atOnce('copy', 'src/copy.ts', 'adapters/browser/options.ts', 'adapters/browser/files.ts'),
  // Public, and of the parts that load late.
  atOnce('answer', 'src/registry/registry-answer.ts'),
  // One after the other is loaded for the first target of a registry.
  atOnce('reader', 'src/client/reader.ts', 'src/layout/native-targets.ts', 'src/registry/fetch-blob.ts'),
];

/** Without a mode of its own: the modules with bare imports. With the name of a self-contained file: that file. */
export default defineConfig(({ mode }) => {
  const alone = selfContained[mode];
  const output =
    alone === undefined
      ? // A bundler puts hashes into the names of its own files: those of ours would only make its imports longer.
        { codeSplitting: { groups }, chunkFileNames: '[name].js' }
      : { minify: mode.endsWith('.min'), codeSplitting: false };
  const external = (id: string) => alone === undefined && !/^[./]|^\w:|^\0/.test(id);
  return {
    plugins: alone === undefined ? [] : [allAtOnce],
    build: {
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      lib: { entry: alone === undefined ? subpaths : { [mode]: alone }, formats: ['es'] },
      // Which file a part falls into is decided above.
      rolldownOptions: { external, output, checks: { ineffectiveDynamicImport: false } },
    },
  };
});
