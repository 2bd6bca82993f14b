// The places that the core tests run in: the same tests in Node and in pages, over memory and over the network.
import { describe, inject } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import type { Place } from '../../src/index.ts';

/** Runs `tests` once for each place that is there. */
export function everyPlace(tests: (place: () => Place) => void): void {
  describe('in an embedded registry over memory', () => {
    const registry = embeddedRegistry();
    tests(() => registry);
  });
  const address = inject('dockerRegistry');
  if (address !== undefined) describe('in a real registry', () => tests(() => address));
}

let count = 0;

/** A repository name that no other test has. */
export function newRepository(): string {
  count += 1;
  return `test/r${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${count}`;
}
