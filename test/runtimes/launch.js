// How each runtime is started with a module.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { whyNot } from './browsers.js';
import { root } from './bundle.js';
import { install } from './install.js';

/**
 * All of it in a page; in workers, which are the same engine with nearly the same globals, what takes not so long; in shared
 * ones, which differ from the others in who shares them, what keeps state. What `npm test` runs in a page of Chromium is not
 * run in one again.
 */
const likeChromium = {
  page: ['core', 'lies', 'page'],
  worker: ['short', 'store', 'classes', 'worker'],
  'shared-worker': ['store', 'worker'],
  'service-worker': ['short', 'store', 'worker'],
  'private-window': ['private'],
};

/**
 * By name. `start` starts the module and returns the process; `suites` names what runs there, and `like` further lists of
 * exceptions that hold for it (suites.js); `entry` is what runs the tests where there is nothing of Node; `whyNot` tells why it
 * cannot be started.
 */
export const runtimes = {
  deno: {
    suites: ['all'],
    start: (module) => start(join(install(), '.bin/deno'), ['run', '--allow-all', '--no-check', module]),
  },
  bun: { suites: ['all'], start: (module) => start(join(install(), '.bin/bun'), ['run', module]) },
  /** The one at hand, to tell what this way of running the tests changes from what a runtime does. */
  node: { suites: ['all'], start: (module) => start(process.execPath, [module]) },
  /** The oldest that package.json allows. */
  'node-20.19.0': node('node-20.19.0'),
  'node-22': node('node-22'),
  'node-24': node('node-24'),
  'node-26': node('node-26'),
  workerd: {
    suites: ['core', 'worker'],
    entry: 'worker.ts',
    start: (module) => start(process.execPath, ['test/runtimes/workerd.js', module]),
  },
  ...browser('chromium', {
    page: ['beyond', 'lies'],
    worker: ['core', 'store', 'classes', 'worker'],
    'shared-worker': ['store', 'worker'],
    'service-worker': ['core', 'store', 'worker'],
    'private-window': ['private'],
  }),
  ...browser('firefox', { ...likeChromium, 'little-room': ['room'] }),
  ...browser('webkit', likeChromium),
};

const named = (pattern) => Object.keys(runtimes).filter((name) => pattern.test(name));

/** Names for several at once. */
export const groups = {
  processes: ['deno', 'bun'],
  'node-versions': named(/^node-/),
  engines: named(/^(chromium|firefox|webkit)/),
};

/** Another version than the one at hand: for what is ours and runs anywhere. */
function node(name) {
  return { suites: ['core'], start: (module) => start(join(install(), name, 'bin/node'), [module]) };
}

/** @param forms where the tests run in it, and which */
function browser(engine, forms) {
  const made = Object.entries(forms).map(([form, suites]) => [
    form === 'page' ? engine : `${engine}-${form}`,
    {
      suites,
      like: [`${engine}-*`, `*-${form}`],
      entry: engine === 'webkit' ? 'page-webkit.ts' : 'page.ts',
      whyNot: () => whyNot(engine),
      start: (module) => start(process.execPath, ['test/runtimes/page.js', engine, form, module]),
    },
  ]);
  return Object.fromEntries(made);
}

/** In a group of its own, so that it can be ended with all that tests have started. */
function start(command, args) {
  return spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
  });
}
