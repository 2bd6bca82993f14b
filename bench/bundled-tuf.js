import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Builds ./tuf.js with all that it needs into one module in `folder`, and answers its path. */
export async function bundleTuf(folder) {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      reportCompressedSize: false,
      lib: {
        entry: fileURLToPath(new URL('./tuf.js', import.meta.url)),
        formats: ['es'],
        fileName: () => 'tuf.mjs',
      },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  return join(folder, 'tuf.mjs');
}
