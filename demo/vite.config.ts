// `npm run demo:build`: the page of the demo as a folder for any static host, also below a path of it.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses: the folder works wherever it is put.
  base: './',
  logLevel: 'error',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page takes images from its own place only, not from `data:`.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
