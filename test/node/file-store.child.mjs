// Commits generations to a state folder. Started by file-store.test.ts and file-store-kill.test.ts as
//   node file-store.child.mjs BUNDLE FOLDER FIRST LAST
// With KILL_AT=n it kills itself just before its n-th file operation, with KILL_AT=moves before the first file operation
// after the commit point.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [, , bundle, folder, first, last] = process.argv;
const { KILL_AT } = process.env;
let killAt = Number(KILL_AT);
let operations = 0;

function counted(object, name) {
  const original = object[name];
  object[name] = function (...parameters) {
    if (++operations === killAt) process.kill(process.pid, 'SIGKILL');
    if (KILL_AT === 'moves' && name === 'rename' && /[\\/]journal$/.test(parameters[1]))
      killAt = operations + 1;
    return original.apply(this, parameters);
  };
}

if (KILL_AT !== undefined) {
  const probe = await fs.promises.open(process.execPath);
  const handle = Object.getPrototypeOf(probe);
  await probe.close();
  for (const name of ['mkdir', 'rmdir', 'open', 'rename', 'rm', 'writeFile', 'stat', 'readFile']) {
    counted(fs.promises, name);
  }
  for (const name of ['writeFile', 'sync', 'close', 'readFile']) counted(handle, name);
  for (const name of ['mkdir', 'utimes']) counted(fs, name);
  syncBuiltinESMExports();
}

const { fileStore, filesOf, generationOf, names } = await import(bundle);
const store = fileStore(folder);
for (let generation = Number(first); generation <= Number(last); ) {
  const before = await store.read(names);
  generation = Math.max(generation, generationOf(before) + 1);
  const { writes, deletes } = filesOf(generation);
  const expected = new Map(names.map((name) => [name, before.get(name)?.version]));
  if (await store.commit(expected, writes, deletes)) fs.writeSync(1, `${generation++}\n`);
}
fs.writeSync(1, `operations ${operations}\n`);
