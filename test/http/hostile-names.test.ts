// Names that would lead elsewhere on a web server: of delegated roles, and of targets.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { memoryStore } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { stateOf } from '../client/place.ts';
import { repository } from '../tuf/repository.ts';
import { client, sha256, Web } from './web.ts';

let web: Web;
beforeEach(async () => {
  web = await Web.start();
});
afterEach(() => web.stop());

const inconsistent = { signed: (signed: object) => ({ ...signed, consistent_snapshot: false }) };

const NAMES = [
  ...['../x', '/x', '..', '.', 'a/b', 'a\\b', '?', '#', '%2e%2e', '%2e%2e/x', 'nul\0', '//example.com/x'],
  ...[
    'x'.repeat(4_096),
    '役割',
    'роль',
    '\u00e9',
    'e\u0301',
    'Dev',
    'dev',
    'DEV',
    'C:\\x',
    'con',
    'https://example.com/x',
  ],
  ...['1.root', 'timestamp.json', 'a b', '\u202e', '__proto__', `${'a'.repeat(64)}.x`],
];

it.each([true, false])(
  'roles of any name are asked for below the address of the metadata, each under its own (consistent: %s) (ATTACKS 47)',
  async (consistent) => {
    let all = repository();
    if (!consistent) all = all.with('root', inconsistent);
    for (const [i, name] of NAMES.entries()) {
      all = all
        .withRole(name, { keys: [`key ${i}`], targets: { [`${i}.txt`]: 'Hello' } })
        .delegating('targets', name, { paths: [`${i}.txt`] });
    }
    const files = await all.build();
    await web.publish(files);
    // A server that knows its files by the encoded path as it is sent, and no other.
    const prefix = consistent ? '1.' : '';
    const roles = new Map<string, Bytes>();
    for (const [name, bytes] of await all.delegated()) {
      roles.set(`/metadata/${prefix}${encodeURIComponent(name)}.json`, bytes);
    }
    web.fault = ({ url = '' }, response) => {
      const bytes = roles.get(url);
      if (bytes !== undefined) response.end(bytes);
      return bytes !== undefined;
    };
    const store = memoryStore();
    const copy = client(web, { trust: files.root, store });
    await copy.pullMetadata();
    web.asked.length = 0;
    for (const [i, name] of NAMES.entries()) expect((await copy.pullTarget(`${i}.txt`)).role).toBe(name);
    expect(web.asked).toEqual([...roles.keys()]);
    expect(new Set(web.asked).size).toBe(NAMES.length);
    for (const path of web.asked) {
      expect(path.slice('/metadata/'.length)).not.toMatch(/[/\\?#]/);
      // What a URL parser makes of it is the same again: nothing in it climbs.
      expect(new URL(path, web.origin).pathname).toBe(path);
    }
    const stored = Object.keys(await stateOf(store)).filter((path) => path.includes('/delegated/'));
    expect(new Set(stored.map((path) => path.normalize('NFC').toLowerCase())).size).toBe(NAMES.length);
  },
);

it('targets of like names are asked for under distinct paths below the address of the targets, or not at all (ATTACKS 48)', async () => {
  const targets = Object.fromEntries(NAMES.map((name) => [name, 'Hello']));
  const files = await repository().withTargets(targets).build();
  await web.publish(files);
  const copy = client(web, { trust: files.root });
  await copy.pullMetadata();
  const hash = await sha256(utf8('Hello'));
  web.fault = ({ url = '' }, response) => {
    if (!url.startsWith('/targets/')) return false;
    response.end('Hello');
    return true;
  };
  web.asked.length = 0;
  const refused: string[] = [];
  for (const name of NAMES) {
    const target = await copy.pullTarget(name);
    const read = await target.text().catch((error: { code: string }) => error.code);
    if (read === 'NOT_SUPPORTED') refused.push(name);
    else expect(read, name).toBe('Hello');
  }
  expect(refused).toEqual(['../x', '/x', '..', '.', '//example.com/x', 'https://example.com/x']);
  expect(new Set(web.asked).size).toBe(NAMES.length - refused.length);
  for (const path of web.asked) {
    expect(path).toContain(`${hash}.`);
    expect(new URL(path, web.origin).pathname).toBe(path);
  }
});
