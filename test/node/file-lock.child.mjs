// Holds a lock. Started by file-lock.test.ts as
//   node file-lock.child.mjs BUNDLE FOLDER hold           says "held", and holds it until it is killed
//   node file-lock.child.mjs BUNDLE FOLDER turns COUNT    takes it COUNT times; fails where another is inside
import { mkdirSync, rmdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [, , bundle, folder, what, count] = process.argv;
const { fileLock } = await import(bundle);
const lock = fileLock(folder, { wait: 50_000, silence: 60_000 });

if (what === 'hold') {
  await lock.run('x', () => {
    writeSync(1, 'held\n');
    return new Promise(() => setInterval(() => {}, 1000));
  });
}
for (let turn = 0; turn < Number(count); turn++) {
  await lock.run('x', async () => {
    // Fails where another process is in here too.
    mkdirSync(join(folder, 'inside'));
    await new Promise((resolve) => setImmediate(resolve));
    rmdirSync(join(folder, 'inside'));
  });
}
