import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locate } from '../../adapters/cli/reference.ts';

const unset = { host: undefined, repositoriesRoot: 'root' };

describe('a reference', () => {
  it('is the name of a repository where DTUF_HOST is set, and keeps the state where python-dtuf has it', () => {
    expect(locate({ host: 'localhost:5000', repositoriesRoot: 'root' }, 'ghcr.io/me/repo')).toEqual({
      host: 'localhost:5000',
      repository: 'ghcr.io/me/repo',
      repositoriesRoot: 'root',
    });
  });

  it.each([
    ['ghcr.io/me/repo', 'ghcr.io', 'me/repo', '@ghcr.io'],
    ['localhost:5000/fred/demo', 'localhost:5000', 'fred/demo', '@localhost+5000'],
    ['localhost/demo', 'localhost', 'demo', '@localhost'],
    ['[::1]:5000/demo', '[::1]:5000', 'demo', '@[++1]+5000'],
    ['http://GHCR.io/me/repo', 'http://GHCR.io', 'me/repo', '@ghcr.io'],
  ])('%s names its registry itself where DTUF_HOST is not set', (reference, host, repository, folder) => {
    expect(locate(unset, reference)).toEqual({ host, repository, repositoriesRoot: join('root', folder) });
  });

  it.each(['fred/demo', 'demo', '', '/demo', 'ghcr.io', 'ghcr.io/'])(
    '%j without DTUF_HOST is wrong usage',
    (reference) => {
      expect(() => locate(unset, reference)).toThrow(/DTUF_HOST/);
    },
  );

  it('with a login is refused, and the login is not repeated (ATTACKS 69)', () => {
    expect(() => locate(unset, 'fred:secret@ghcr.io/me/repo')).toThrow(/^(?!.*secret).*DTUF_PASSWORD/);
  });

  it('never gives two registries the same state', () => {
    const folders = ['a.b/x', 'a.b:1/x', 'a.b/1/x'].map((text) => {
      const { repositoriesRoot, repository } = locate(unset, text);
      return join(repositoriesRoot, repository);
    });
    const named = locate({ host: 'h', repositoriesRoot: 'root' }, 'a.b/x');
    folders.push(join(named.repositoriesRoot, named.repository));
    expect(new Set(folders).size).toBe(4);
  });
});
