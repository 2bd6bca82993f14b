// Path patterns (TUF 1.0.34, 4.5): fnmatch for each part between slashes.
import { describe, expect, it } from 'vitest';
import { matchesPath } from '../../src/tuf/path-pattern.ts';

describe('a path pattern', () => {
  it.each([
    ['*', 'a'],
    ['*', ''],
    ['', ''],
    ['a/*', 'a/b'],
    ['a/*', 'a/'],
    ['*/*', 'a/b'],
    ['a?c', 'abc'],
    ['a?c', 'a😀c'],
    ['*.tgz', 'foo.tgz'],
    ['*.tgz', '.tgz'],
    ['foo-?.tgz', 'foo-2.tgz'],
    ['[a-z]', 'm'],
    ['[a-z]', 'a'],
    ['[a-z]', 'z'],
    ['[!a-z]', 'A'],
    ['[^a]', '^'],
    ['[a-cx-z]1', 'y1'],
    ['[-a]', '-'],
    ['[a-]', '-'],
    ['[]]', ']'],
    ['[!]]', 'a'],
    ['[a-c-e]', '-'],
    ['[xc-ay]', 'x'],
    ['[!c-a]', 'b'],
    ['[', '['],
    ['[a', '[a'],
    ['[]', '[]'],
    ['[!]', '[!]'],
    ['[*]', '*'],
    ['a*b*c', 'a-b-b-c'],
    ['*a*', 'banana'],
    ['ab*bx', 'abbx'],
    ['a\\*', 'a\\bc'],
    ['*', 'a\nb'],
    ['__proto__', '__proto__'],
  ])('%j matches %j (ATTACKS 46)', (pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(true);
  });

  it.each([
    ['a/*', 'a/b/c'],
    ['*', 'a/b'],
    ['a?b', 'a/b'],
    ['a[/]b', 'a/b'],
    ['a[!x]b', 'a/b'],
    ['*/*', 'a'],
    ['', 'a'],
    ['a', ''],
    ['/a', 'a'],
    ['a/', 'a'],
    ['a', 'A'],
    ['[a-z]', 'B'],
    ['[a-z]', ''],
    ['[a-z]', 'ab'],
    ['[!a-z]', 'a'],
    ['[c-a]', 'b'],
    ['[xc-ay]', 'b'],
    ['[a-c-e]', 'd'],
    ['[*]', 'a'],
    ['[?]', 'a'],
    ['?', ''],
    ['?', 'ab'],
    ['*.tgz', 'foo.txt'],
    // What stands before a star is not taken again for what stands after it.
    ['ab*bx', 'abx'],
    ['*a*ab', 'ab'],
    ['foo-?.tgz', 'foo-22.tgz'],
    ['é', 'e\u0301'],
    ['a.c', 'abc'],
    ['a+', 'aa'],
    ['(a|b)', 'a'],
    ['\\d', '1'],
  ])('%j does not match %j (ATTACKS 46)', (pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(false);
  });

  it.each([
    ['10 KB of stars', '*'.repeat(10_000), 'a'.repeat(10_000), true],
    [
      'stars between letters that are all there but the last',
      `${'*a'.repeat(5_000)}b`,
      'a'.repeat(10_000),
      false,
    ],
    ['a long part after a star', `*${'a'.repeat(1_000)}b`, 'a'.repeat(10_000), false],
    ['a megabyte of stars and letters', '*a'.repeat(500_000), 'a'.repeat(200), false],
    ['100 KB of classes that are not closed', '['.repeat(100_000), 'a'.repeat(200), false],
    ['a megabyte of slashes', '/'.repeat(1_000_000), 'a', false],
  ])('of %s is decided at once (ATTACKS 46)', (_, pattern, path, expected) => {
    const start = performance.now();
    expect(matchesPath(pattern, path)).toBe(expected);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
