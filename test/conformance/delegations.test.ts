// The search for a target among the roles that may sign for it (TUF 1.0.34, 5.6.7): pre-order and depth first.
import { describe, expect, it } from 'vitest';
import { type Repository, repository } from '../tuf/repository.ts';
import { edit } from './edit.ts';
import { publish, refreshed, type Site } from './site.ts';

/**
 * Roles that delegate: `targets>a` all paths, `targets>a:*.txt` those of one pattern, `targets>a!` and the search ends there.
 */
function graph(edges: string): Repository {
  return edges.split(' ').reduce((made, edge) => {
    const [, from = '', to = '', ends, pattern = '*'] = /^(.+)>([^:!]+)(!?)(?::(.+))?$/.exec(edge) ?? [];
    return made.withRole(to).delegating(from, to, { paths: [pattern], terminating: ends === '!' });
  }, repository());
}

/** The delegated roles that were asked for, in order, after the four. */
const visited = (site: Site) =>
  site.asked
    .slice(4)
    .filter((path) => !path.startsWith('targets/'))
    .map((path) => path.replace(/^1\.|\.json$/g, ''))
    .join(' ');

// suite: test_graph_traversal
describe('the search for a target that nobody has', () => {
  it.each([
    ['visits the only role', 'a', 'targets>a'],
    ['visits roles in the order of the delegations', 'a b', 'targets>a targets>b'],
    ['visits the roles of a role after it', 'a b c', 'targets>a targets>b b>c'],
    ['visits them before its neighbour', 'a c d b', 'targets>a targets>b a>c a>d'],
    ['goes down three levels before it', 'a c d b', 'targets>a targets>b a>c c>d'],
    ['ends with a terminating role', 'a c', 'targets>a targets>b a>c! a>d'],
    ['goes on below a terminating role, and nowhere else', 'a c d', 'targets>a targets>b a>c! c>d'],
    ['passes over a role of other paths, and what is below it', 'b', 'targets>a:*.txt targets>b a>c'],
    ['does so one level down', 'a b', 'targets>a targets>b a>c:*.txt c>d'],
    ['visits each role of a circle once', 'a b c d', 'targets>a targets>b b>c c>d d>b'],
    ['visits a role of two delegators by the first', 'a c b', 'targets>a targets>b b>c a>c'],
    ['or by the second, if the first has other paths', 'a b c', 'targets>a targets>b b>c a>c:*.txt'],
  ])('%s: %s (5.6.7.2)', async (_, roles, edges) => {
    const { site, reader } = await publish(graph(edges));
    await expect(reader.download('not there')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(visited(site)).toBe(roles);
  });
});

/** Some of these roles hold what was not delegated to them: that does not count. */
const TREE = graph(
  'targets>texts:*.txt targets>builds:builds/*/* builds>linux:builds/linux/* builds>mac:builds/mac/*.dmg',
)
  .delegating('targets', 'texts', { paths: ['*.txt', 'page-?.html'] })
  .withTargets({ 'app.bin': 'of targets' })
  .withRole('texts', {
    targets: Object.fromEntries(
      ['a.txt', 'A.TXT', 'builds/a.txt', 'page-1.html', 'page-12.html'].map((name) => [name, 'of texts']),
    ),
  })
  .withRole('linux', { targets: { 'builds/linux/app': 'of linux' } })
  .withRole('mac', { targets: { 'builds/mac/app.dmg': 'of mac', 'builds/arm/app.dmg': 'of mac' } });

// suite: test_targetfile_search
describe('a target', () => {
  it.each([
    ['of the top-level role is found without any other', 'app.bin', '', 'of targets'],
    ['is found by a star', 'a.txt', 'texts', 'of texts'],
    ['is found by a question mark', 'page-1.html', 'texts', 'of texts'],
    ['in folders is found below two roles', 'builds/linux/app', 'builds linux', 'of linux'],
    ['is found in the branch whose pattern it fits', 'builds/mac/app.dmg', 'builds mac', 'of mac'],
  ])('%s: %s, by %s (4.5, 5.6.7)', async (_, name, roles, content) => {
    const { site, reader } = await publish(TREE, { [name]: content });
    expect(await reader.download(name)).toBe(content);
    expect(visited(site)).toBe(roles);
  });

  it.each([
    ['that one role on the way was not given', 'builds/arm/app.dmg', 'builds', 'of mac'],
    ['in a folder, where a star would have to cross a slash', 'builds/a.txt', '', 'of texts'],
    ['with two characters, where the pattern has one', 'page-12.html', '', 'of texts'],
    ['in capitals, where the pattern has none', 'A.TXT', '', 'of texts'],
  ])('%s is not found: %s, after %s (4.5, 5.6.7)', async (_, name, roles, content) => {
    const { site, reader } = await publish(TREE, { [name]: content });
    await expect(reader.download(name)).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(visited(site)).toBe(roles);
  });
});

describe('a delegated role', () => {
  // suite: test_cached_role_is_verified_against_current_delegator
  it('that one delegator verified is verified anew for another, in the same run (5.6.3, 5.6.7.2)', async () => {
    const data = { 'a/root.json': 'trusted', 'b/root.json': 'not trusted' };
    const diamond = graph('targets>one:a/* targets>two:b/* one>both:a/* two>both:b/*')
      .delegating('two', 'both', { paths: ['b/*'], keys: ['another'] })
      .withRole('both', { targets: data });
    const { reader } = await publish(diamond, data);
    await reader.refresh();
    const copy = reader.copy();
    expect(await (await copy.pullTarget('a/root.json')).text()).toBe('trusted');
    const refused = { code: 'METADATA_UNSIGNED', role: 'both', clause: '5.6.3' };
    await expect(copy.pullTarget('b/root.json')).rejects.toMatchObject(refused);
    expect(await (await copy.pullTarget('a/root.json')).text()).toBe('trusted');
  });

  // suite: test_delegation_not_in_snapshot
  it('that the snapshot does not list is neither asked for nor used, and the refresh is done (5.6.1)', async () => {
    const unlisted = edit(({ meta }) => {
      delete meta['delegated.json'];
    });
    const of = graph('targets>delegated:d/*').withRole('delegated', { targets: { 'd/x': 'x' } });
    const { site, reader } = await refreshed(of.with('snapshot', unlisted), { 'd/x': 'x' });
    const refused = { code: 'METADATA_MISSING', role: 'delegated' };
    await expect(reader.download('d/x')).rejects.toMatchObject(refused);
    expect(site.asked).toEqual(['2.root.json', 'timestamp.json']);
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
  });
});
