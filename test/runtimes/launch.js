// How each runtime is started with a module.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './bundle.js';
import { install } from './install.js';

/** By name; each starts the module and returns the process. */
export const runtimes = {
  deno: (module) => start(join(install(), '.bin/deno'), ['run', '--allow-all', '--no-check', module]),
  bun: (module) => start(join(install(), '.bin/bun'), ['run', module]),
  /** The oldest that package.json allows. */
  'node-20.19.0': (module) => start(join(install(), 'node-20.19.0/bin/node'), [module]),
  /** The one at hand, to tell what this way of running the tests changes from what a runtime does. */
  node: (module) => start(process.execPath, [module]),
};

/** In a group of its own, so that it can be ended with all that tests have started. */
function start(command, args) {
  return spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
  });
}
