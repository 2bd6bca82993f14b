import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fileStore } from '../../adapters/node/file-store.ts';
import { bundle } from './bundle.ts';
import { commitGeneration, names, readGeneration } from './generations.ts';
import { temporaryFolder } from './temporary.ts';

const CHILD = resolve('test/node/file-store.child.mjs');
const ROUNDS = 60;
const AT_ONCE = 8;
/** A writer that is dead is to be known as such at once, and not because it was silent for long. */
const patience = { wait: 20_000, silence: 60_000 };
let built: string;

beforeAll(async () => {
  built = await bundle('test/node/generations.ts');
});

describe('a process that is killed while it commits', () => {
  test('at any file operation: a reader sees one whole generation, the next writer goes on (ATTACKS 62, 63, 67)', async () => {
    const reached = new Set<number>();
    let survived = 0;
    for (let first = 1; survived === 0; first += AT_ONCE) {
      const round = Array.from({ length: AT_ONCE }, (_, i) => killAndLook(first + i));
      for (const { killAt, killed, seen } of await Promise.all(round)) {
        reached.add(seen);
        if (!killed && survived === 0) survived = killAt;
      }
    }
    expect([...reached].sort()).toEqual([1, 2]);
    // It went through all operations of a whole commit of four files.
    expect(survived).toBeGreaterThan(60);
  }, 120_000);

  test(`at ${ROUNDS} random moments: every reader sees one whole generation, never an older one (ATTACKS 62, 63)`, async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder, patience);
    let generation = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [CHILD, built, folder, `${generation + 1}`, '1000000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      // While it commits, and then at a moment that nobody chose.
      const until = performance.now() + 20 * Math.random();
      do {
        const seen = await readGeneration(store);
        expect(seen).toBeGreaterThanOrEqual(generation);
        generation = seen;
      } while (performance.now() < until);
      child.kill('SIGKILL');
      await ended;
      const seen = await readGeneration(store);
      expect(seen).toBeGreaterThanOrEqual(generation);
      generation = seen;
    }
    expect(generation).toBeGreaterThan(ROUNDS);
  }, 120_000);
});

/** Kills a writer of generation 2 before one of its file operations, and checks what it has left. */
async function killAndLook(killAt: number): Promise<{ killAt: number; killed: boolean; seen: number }> {
  const folder = temporaryFolder();
  const store = fileStore(folder, patience);
  await commitGeneration(store, 1);
  const { signal, output } = await runChild(folder, 2, 2, { KILL_AT: `${killAt}` });
  const killed = signal !== null;
  expect(killed || output.startsWith('2\n')).toBe(true);
  const seen = await readGeneration(store);
  expect([1, 2]).toContain(seen);
  expect([...(await store.list(''))].sort()).toEqual([...namesOf(seen)].sort());

  expect(await commitGeneration(store, 3)).toBe(true);
  expect(await readGeneration(store)).toBe(3);
  // A folder without a note, from a process that was killed just before it wrote it, stays for an hour.
  const left = readdirSync(join(folder, '.dtuf'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => !/^commit\.lock\.[^.]+\.new$/.test(name))).toEqual(['journal']);
  return { killAt, killed, seen };
}

async function runChild(folder: string, first: number, last: number, env: Record<string, string>) {
  const child = spawn(process.execPath, [CHILD, built, folder, `${first}`, `${last}`], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await once(child, 'close');
  return { signal: child.signalCode, output };
}

function namesOf(generation: number): readonly string[] {
  return generation % 2 === 1 ? names : names.filter((name) => name !== 'repository/targets/odd');
}
