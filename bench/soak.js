// Random faults for a long time, by a proxy before docker-registry: every pull that succeeds is right, nothing hangs, and
// memory does not grow. Not part of .ci/run.
//   npm run soak -- [minutes]   (default 30)
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

// Only to run TypeScript: it serves nothing.
const vite = await createServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
});
const { soak } = await vite.ssrLoadModule(fileURLToPath(new URL('../test/soak/soak.ts', import.meta.url)));
const right = await soak(Number(process.argv[2] ?? 30));
await vite.close();
process.exit(right ? 0 : 1);
