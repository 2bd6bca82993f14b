import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

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

const groups = [
  atOnce('copy', 'src/copy.ts'),
  atOnce('page', 'adapters/browser/options.ts', 'adapters/browser/files.ts'),
];

/** Without a mode of its own: the modules with bare imports. With the name of a self-contained file: that file. */
export default defineConfig(({ mode }) => {
  const alone = selfContained[mode];
  const output =
    alone === undefined
      ? { codeSplitting: { groups } }
      : { minify: mode.endsWith('.min'), codeSplitting: false };
  const external = (id: string) => alone === undefined && !/^[./]|^\w:|^\0/.test(id);
  return {
    build: {
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      lib: { entry: alone === undefined ? subpaths : { [mode]: alone }, formats: ['es'] },
      rolldownOptions: { external, output },
    },
  };
});
