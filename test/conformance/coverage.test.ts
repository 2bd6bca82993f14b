/// <reference types="vite/client" />
// That no function of the public suite is forgotten: each has a test here that says so.
import { expect, it } from 'vitest';
import { SUITE } from './suite.ts';

const sources = import.meta.glob<string>('./*.test.ts', { query: '?raw', import: 'default', eager: true });
const functions = Object.values(SUITE).flat();

it('the public suite has 56 test functions, each named once', () => {
  expect(functions.length).toBe(56);
  expect(new Set(functions).size).toBe(56);
});

it('each test function of the public suite has a test here that is named in the line before it', () => {
  const named = Object.values(sources).flatMap((source) =>
    [...source.matchAll(/^ *\/\/ suite: (\w+)\n *(?:it|describe)(?:\.each|\.runIf)?\(/gm)].map(
      ([, name]) => name,
    ),
  );
  expect([...new Set(named)].sort()).toEqual([...functions].sort());
});
