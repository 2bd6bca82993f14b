// Builds dist/: the modules with bare imports, the self-contained files, and the declarations.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'vite';

rmSync('dist', { recursive: true, force: true });
for (const mode of ['modules', 'dtuf.min', 'element.min', 'worker']) {
  await build({ configFile: 'vite.config.ts', mode, logLevel: 'warn' });
}
chmodSync('dist/cli.js', 0o755);
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
