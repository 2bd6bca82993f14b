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

/** Without a mode of its own: the modules with bare imports. With the name of a self-contained file: that file. */
export default defineConfig(({ mode }) => {
  const alone = selfContained[mode];
  const output = alone === undefined ? {} : { minify: mode.endsWith('.min'), codeSplitting: false };
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
