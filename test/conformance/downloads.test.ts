// The data of targets (TUF 1.0.34, 5.7): it is what was signed, or it is refused.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import { repository } from '../tuf/repository.ts';
import { publish, type Reader, refreshed, type Site, sha } from './site.ts';

const targetsAsked = (site: Site) => site.asked.filter((path) => path.startsWith('targets/'));
const mismatch = { code: 'TARGET_MISMATCH', clause: '5.7.2' };

describe('a target', () => {
  // suite: test_client_downloads_expected_file
  it('is fetched when it is asked for and not by a refresh, and is what was signed (5.7.2, 5.7.3)', async () => {
    const data = { 'demo.txt': 'Hello' };
    const { site, reader } = await publish(repository().withTargets(data), data);
    await reader.refresh();
    expect(targetsAsked(site)).toEqual([]);
    expect(await reader.download('demo.txt')).toBe('Hello');
    expect(targetsAsked(site)).toEqual([`targets/${await sha(256, 'Hello')}.demo.txt`]);
  });

  // suite: test_client_downloads_expected_file_in_sub_dir
  it('in a folder has its hash before the last part of its name (6.2)', async () => {
    const data = { 'path/to/a/demo.txt': 'Hello' };
    const { site, reader } = await publish(repository().withTargets(data), data);
    expect(await reader.download('path/to/a/demo.txt')).toBe('Hello');
    expect(targetsAsked(site)).toEqual([`targets/path/to/a/${await sha(256, 'Hello')}.demo.txt`]);
  });

  // suite: test_repository_substitutes_target_file
  it('whose data was replaced by other data is refused, of the same length and of another (5.7.2)', async () => {
    const targets = { 'one.txt': 'Hello', 'two.txt': 'World' };
    const { site, reader } = await publish(repository().withTargets(targets), targets);
    for (const evil of ['Jello', 'H', 'Hello, and more']) {
      for (const [name, content] of Object.entries(targets))
        site.put(`targets/${await sha(256, content)}.${name}`, utf8(evil));
      for (const name of Object.keys(targets))
        await expect(reader.download(name)).rejects.toMatchObject({ ...mismatch, target: name });
    }
  });

  // suite: test_multiple_changes_to_target
  it('that changes again and again is always the one that was signed last (5.6, 5.7.2)', async () => {
    const { site, reader } = await publish(repository().withTargets({ 'demo.txt': 'text 1' }));
    for (let version = 2; version <= 12; version++) {
      const data = { 'demo.txt': `text ${version}`, [`new-${version}.txt`]: `new ${version}` };
      await site.publish(repository().withTargets(data).release(version), data);
      // Readers see some of the versions only.
      if (version % 5 !== 2) continue;
      for (const [name, content] of Object.entries(data)) expect(await reader.download(name)).toBe(content);
      site.put(`targets/${await sha(256, `text ${version}`)}.demo.txt`, utf8(`evil ${version}`));
      await expect(reader.download('demo.txt')).rejects.toMatchObject(mismatch);
    }
  });

  // suite: test_artifact_cache
  it('that is at hand is recognised by its length and hashes, and need not be fetched again (5.7.2)', async () => {
    const data = { 'demo.txt': 'Hello' };
    const { site, reader } = await refreshed(repository().withTargets(data), data);
    const atHand = utf8(await reader.download('demo.txt'));
    const fetched = targetsAsked(site).length;
    expect(await reader.copy().checkTarget('demo.txt', atHand)).toBe(true);
    expect(await reader.copy().checkTarget('demo.txt', utf8('Jello'))).toBe(false);
    expect(targetsAsked(site)).toHaveLength(fetched);
  });
});

describe('the hashes of a target', () => {
  async function readerOf(hashes: { [algorithm: string]: string }): Promise<{ site: Site; reader: Reader }> {
    const entry: Json = { length: 5, hashes };
    const place = await publish(repository().withTargets({ 'demo.txt': entry }));
    await place.site.hold('demo.txt', 'Hello');
    return place;
  }

  // suite: test_download_with_hash_algorithms
  it.each([[256], [512], [256, 512]] as const)(
    'can be SHA-%s (%s), and one is in its address (4.5, 6.2)',
    async (...bits) => {
      const made = await Promise.all(
        bits.map(async (one) => [`sha${one}`, await sha(one, 'Hello')] as const),
      );
      const { site, reader } = await readerOf(Object.fromEntries(made));
      expect(await reader.download('demo.txt')).toBe('Hello');
      const [asked] = targetsAsked(site);
      expect(made.map(([, hash]) => `targets/${hash}.demo.txt`)).toContain(asked);
      // One of them that is wrong is enough to refuse it.
      for (const [algorithm, hash] of made) {
        const forged = {
          ...Object.fromEntries(made),
          [algorithm]: hash.replace(/^../, (two) => (two === '00' ? '11' : '00')),
        };
        const other = await readerOf(forged);
        for (const wrong of Object.values(forged)) other.site.put(`targets/${wrong}.demo.txt`, utf8('Hello'));
        await expect(other.reader.download('demo.txt')).rejects.toMatchObject(mismatch);
      }
    },
  );

  // suite: test_download_with_unknown_hash_algorithm
  it('of which none is known prove nothing: it is refused (4.5, 5.7.2)', async () => {
    const hash = await sha(512, 'Hello');
    const { site, reader } = await readerOf({ 'unknown-hash': hash });
    site.put('targets/demo.txt', utf8('Hello'));
    await expect(reader.download('demo.txt')).rejects.toMatchObject({
      code: 'TARGET_MISMATCH',
      clause: '5.7.2',
    });
    expect(targetsAsked(site)).toEqual([]);
  });
});
