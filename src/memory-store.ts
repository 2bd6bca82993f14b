import { DTufError } from './errors.ts';
import type { Bytes, Lock, Store, Stored } from './ports.ts';

/**
 * State that is forgotten when the process or page ends, for tests and for whoever asks for it:
 * a client without a memory has no protection against rollback between runs (TUF 5.3.2).
 *
 * @example
 * const copy = new DTufCopy({ host, repository, trust, store: memoryStore(), lock: memoryLock() });
 */
export function memoryStore(): Store {
  const files = new Map<string, Stored>();
  let commits = 0;

  // What goes in and out is copied: a caller that changes its bytes later must not change the state.
  return {
    persistent: false,
    async read(names) {
      const found = new Map<string, Stored>();
      for (const name of names) {
        const stored = files.get(name);
        if (stored) found.set(name, { bytes: copyOf(stored.bytes), version: stored.version });
      }
      return found;
    },
    async commit(expected, writes, deletes = []) {
      for (const [name, version] of expected) {
        if (files.get(name)?.version !== version) return false;
      }
      commits++;
      for (const [name, bytes] of writes) files.set(name, { bytes: copyOf(bytes), version: `${commits}` });
      for (const name of deletes) files.delete(name);
      return true;
    },
    async list(prefix) {
      return [...files.keys()].filter((name) => name.startsWith(prefix));
    },
  };
}

/**
 * One writer at a time within this process or page: a queue per name.
 *
 * Who waits is told with ABORTED when its signal fires; there is no other bound, since no holder can die here alone.
 */
export function memoryLock(): Lock {
  const tails = new Map<string, Promise<void>>();

  return {
    async run(name, work, signal) {
      const before = tails.get(name) ?? Promise.resolve();
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      // One that gave up waiting stays a link of the chain, so that nobody behind it overtakes the holder.
      const tail = before.then(() => held);
      tails.set(name, tail);
      try {
        await turn(before, signal);
        return await work();
      } finally {
        release();
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
  };
}

async function turn(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return before;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () =>
      reject(new DTufError('ABORTED', 'Stopped while waiting for the lock.', { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    await Promise.race([aborted, before]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function copyOf(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes);
}
