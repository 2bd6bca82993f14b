import { defineConfig } from 'vite';

const subpaths = {
  index: 'src/index.ts',
  node: 'adapters/node/index.ts',
  browser: 'adapters/browser/index.ts',
  worker: 'adapters/browser/worker.ts',
  element: 'adapters/browser/element.ts',
  registry: 'adapters/registry/index.ts',
  cli: 'adapters/cli/index.ts',
};

/** The modules with bare imports (default), or the self-contained files for a page without a build step. */
export default defineConfig(({ mode }) => ({
  build:
    mode === 'page'
      ? {
          emptyOutDir: false,
          target: 'es2022',
          lib: {
            entry: { 'dtuf.min': 'adapters/browser/index.ts', 'element.min': 'adapters/browser/element.ts' },
            formats: ['es'],
          },
          minify: true,
        }
      : {
          emptyOutDir: false,
          target: 'es2022',
          minify: false,
          lib: { entry: subpaths, formats: ['es'] },
          rolldownOptions: { external: (id: string) => !/^[./]|^\w:/.test(id) && !id.startsWith('\0') },
        },
}));
