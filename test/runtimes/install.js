// Installs the runtimes of packages/package.json where they are not yet: outside of the checkout, as they take
// some hundred megabytes, and because a `node` among the packages would be first in the PATH of npm's scripts.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('packages', import.meta.url));

/** @returns the folder `node_modules` that has them, or will have */
export function folder() {
  return join(place(), 'node_modules');
}

function place() {
  const { DTUF_RUNTIMES, XDG_CACHE_HOME } = process.env;
  const cache = DTUF_RUNTIMES || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'dtuf-runtimes');
  const lock = readFileSync(join(packages, 'package-lock.json'));
  return join(cache, createHash('sha256').update(lock).digest('hex').slice(0, 16));
}

/** @returns the folder `node_modules` that has them */
export function install() {
  const there = place();
  if (!existsSync(there)) {
    mkdirSync(dirname(there), { recursive: true });
    const unfinished = mkdtempSync(join(dirname(there), '.unfinished-'));
    try {
      cpSync(packages, unfinished, { recursive: true });
      execFileSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
        cwd: unfinished,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      renameSync(unfinished, there);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      // Somebody else was quicker.
      if (!existsSync(there)) throw error;
    }
  }
  return folder();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(install());
