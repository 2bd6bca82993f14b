// Names of delegated roles that mean something in an address or a path (TUF 1.0.34, 4.5, 5.6.1).
import { expect, it } from 'vitest';
import { repository } from '../tuf/repository.ts';
import { publish } from './site.ts';

// suite: test_unusual_role_name
it.each([
  ['?', '%3F'],
  ['#', '%23'],
  ['/delegatedrole', '%2Fdelegatedrole'],
  ['../delegatedrole', '..%2Fdelegatedrole'],
])(
  'the role %s is asked for as %s, and kept as one file beside the others (5.6.1)',
  async (role, encoded) => {
    const of = repository().withRole(role).delegating('targets', role);
    const { site, reader } = await publish(of);
    await expect(reader.download('not there')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(site.asked.slice(4)).toEqual([`1.${encoded}.json`]);
    const kept = Object.keys(await reader.kept());
    expect(kept).toHaveLength(5);
    for (const name of kept) expect(name).toMatch(/^[a-z0-9%]+$/);
  },
);
