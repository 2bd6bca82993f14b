// The command on a plain TUF repository: DTUF_METADATA_URL in the place of DTUF_HOST.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../adapters/cli/environment.ts';
import { locate } from '../../adapters/cli/reference.ts';
import { expectRefusal, Machine, passwords } from '../cli/command.ts';
import { publishForEver, Web } from './web.ts';

let web: Web;
let machine: Machine;
beforeAll(async () => {
  web = await Web.start();
  const root = await publishForEver(web, { 'demo.txt': 'Hello', 'folder/x y': 'World' });
  machine = await Machine.start({ DTUF_METADATA_URL: web.metadata });
  await machine.write('1.root.json', root);
});
afterAll(async () => {
  await machine?.stop();
  await web?.stop();
});

describe('dtuf with DTUF_METADATA_URL', () => {
  it('pulls, lists, measures and checks as from a registry', async () => {
    expect(await machine.does(['pull-metadata', 'sig/store', '1.root.json'])).toBe('demo.txt\nfolder/x y\n');
    expect(await machine.does(['list-copy-targets', 'sig/store'])).toBe('demo.txt\nfolder/x y\n');
    expect(await machine.does(['get-copy-expirations', 'sig/store'])).toMatch(/^root: 2999-/);
    expect(await machine.does(['blob-sizes', 'sig/store', 'demo.txt'])).toBe('5\n');
    expect(await machine.does(['pull-target', 'sig/store', 'demo.txt', 'folder/x y'])).toBe('HelloWorld');
    await machine.write('same', 'Hello');
    await machine.does(['check-target', 'sig/store', 'demo.txt', 'same']);
    expect((await machine.dtuf(['check-target', 'sig/store', 'folder/x y', 'same'])).code).toBe(1);
    expect(machine.has('dtuf_repos/sig/store/copy')).toBe(true);
  });

  it('takes the targets from DTUF_TARGETS_URL', async () => {
    const elsewhere = await Web.start();
    try {
      await publishForEver(elsewhere, { 'demo.txt': 'Hello', 'folder/x y': 'World' });
      await machine.does(['pull-metadata', 'other', '1.root.json']);
      const variables = { DTUF_TARGETS_URL: `${elsewhere.origin}/targets` };
      expect(await machine.does(['pull-target', 'other', 'demo.txt'], variables)).toBe('Hello');
      expect(elsewhere.asked).toHaveLength(1);
    } finally {
      await elsewhere.stop();
    }
  });

  it('does not read the state of a registry’s repository from a web server', async () => {
    await machine.does(['pull-metadata', 'mine', '1.root.json']);
    const registry = { DTUF_METADATA_URL: '', DTUF_HOST: 'oci:registry' };
    expectRefusal(await machine.dtuf(['pull-metadata', 'mine'], registry), 2, /--reset-trust/);
  });

  it.each([
    ['create-root-key', 'fred/demo'],
    ['push-target', 'fred/demo', 'a', '1.root.json'],
    ['del-target', 'fred/demo', 'a'],
    ['push-metadata', 'fred/demo'],
    ['auth', 'fred/demo'],
    ['list-repos'],
  ])('has %s say that it needs a registry', async (...args) => {
    expectRefusal(await machine.dtuf(args, passwords), 2, /registry.*DTUF_HOST/);
  });
});

describe('the addresses in the environment', () => {
  const metadata = 'https://example.com/metadata/';

  it('take the place of the registry, and leave the reference to the state', () => {
    const environment = readEnvironment({ DTUF_METADATA_URL: metadata, DTUF_TARGETS_URL: `${metadata}t` });
    expect(locate(environment, 'ghcr.io/me/repo')).toEqual({
      host: metadata,
      targetsHost: `${metadata}t`,
      layout: 'http',
      repository: 'ghcr.io/me/repo',
      repositoriesRoot: 'dtuf_repos',
    });
    expect(locate(readEnvironment({ DTUF_METADATA_URL: metadata }), 'x')).not.toHaveProperty('targetsHost');
  });

  it.each([
    [{ DTUF_METADATA_URL: metadata, DTUF_HOST: 'localhost:5000' }, /DTUF_METADATA_URL.*DTUF_HOST/],
    [{ DTUF_TARGETS_URL: metadata }, /DTUF_TARGETS_URL.*DTUF_METADATA_URL/],
    [{ DTUF_METADATA_URL: 'example.com' }, /DTUF_METADATA_URL is no address/],
    [{ DTUF_METADATA_URL: 'file:///srv/metadata/' }, /DTUF_METADATA_URL is no address/],
    [{ DTUF_METADATA_URL: `${metadata}?x` }, /DTUF_METADATA_URL is no address/],
    [{ DTUF_METADATA_URL: metadata, DTUF_TARGETS_URL: 'targets/' }, /DTUF_TARGETS_URL is no address/],
  ] as const)('are refused where they are wrong: %j', (variables, message) => {
    expect(() => readEnvironment(variables)).toThrow(message);
  });

  it('with a login are refused, without saying it (ATTACKS 69)', () => {
    const variables = { DTUF_METADATA_URL: 'https://fred:secret@example.com/' };
    expect(() => readEnvironment(variables)).toThrow(/^(?!.*secret).*DTUF_METADATA_URL/);
  });
});
