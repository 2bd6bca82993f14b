// `node workerd.js MODULE`: runs a module as a Worker in workerd, and ends with the exit code that its answer names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { install } from './install.js';

const [module] = process.argv.slice(2);
const configuration = join(dirname(module), 'workerd.capnp');

/** The registry is on loopback, which a Worker may not reach unless it is told so. */
writeFileSync(
  configuration,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "${basename(module)}", esModule = embed "${basename(module)}")],
  compatibilityDate = "2026-11-01",
);
`,
);

const workerd = spawn(join(install(), '.bin/workerd'), ['serve', configuration, '--control-fd=3'], {
  stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
});
workerd.once('exit', (code) => process.exit(code || 1));
const [told] = await once(workerd.stdio[3], 'data');
const { port } = JSON.parse(String(told).split('\n')[0]);
const answer = await fetch(`http://127.0.0.1:${port}/`);
console.log(await answer.text());
workerd.removeAllListeners('exit');
workerd.once('exit', () => process.exit(answer.ok ? 0 : 1));
workerd.kill();
