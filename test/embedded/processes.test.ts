import { once } from 'node:events';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { ended, output, script } from './child.ts';
import { type Repository, repository, sha256, temporaryFolder } from './places.ts';

const publisher = script('publisher');

/** Every tag that is listed leads to blobs that have their digests. @returns the tags. */
async function expectConsistent(demo: Repository): Promise<string[]> {
  const { tags }: { tags: string[] } = await (await demo.ask('tags/list')).json();
  for (const tag of tags) {
    const response = await demo.ask(`manifests/${tag}`);
    const text = await response.text();
    expect(sha256(text)).toBe(response.headers.get('docker-content-digest'));
    const manifest: { layers: { digest: string }[]; config: { digest: string } } = JSON.parse(text);
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      const blob = await demo.ask(`blobs/${digest}`);
      expect(sha256(new Uint8Array(await blob.arrayBuffer()))).toBe(digest);
    }
  }
  return tags;
}

test('two processes and this one tag in one folder at the same time: no tag is lost (ATTACKS 66)', async () => {
  const folder = temporaryFolder();
  const children = ['a', 'b'].map((prefix) => output(publisher.start(folder, 'tags', prefix, '40')));
  const demo = repository(folderStorage(folder));
  for (let i = 0; i < 20; i++) await demo.pushImage(`c-${i}`, `layer ${i}`);
  await Promise.all(Array.from({ length: 20 }, (_, i) => demo.pushImage(`d-${i}`, `layer ${i}`)));
  const taken = (await Promise.all(children)).join('').trim().split('\n');
  expect(taken).toHaveLength(80);
  const tags = await expectConsistent(demo);
  expect(tags).toHaveLength(120);
  expect(tags).toEqual(expect.arrayContaining(taken));
});

test('a process killed at any file operation leaves a registry that serves whole images (ATTACKS 63)', async () => {
  const before = temporaryFolder();
  const old = await repository(folderStorage(before)).pushImage('moved', 'old');
  const counting = join(temporaryFolder(), 'registry');
  cpSync(before, counting, { recursive: true });
  const operations = Number(await output(publisher.start(counting, 'once', '0')));
  expect(operations).toBeGreaterThan(40);

  async function killAt(operation: number): Promise<void> {
    const folder = join(temporaryFolder(), 'registry');
    cpSync(before, folder, { recursive: true });
    const child = publisher.start(folder, 'once', String(operation));
    expect(await ended(child)).toBe('SIGKILL');
    const demo = repository(folderStorage(folder));
    expect(await expectConsistent(demo)).toContain('moved');
    // Where the tag has moved, what it named before is still there.
    expect(await (await demo.ask(`manifests/${sha256(old)}`)).text()).toBe(old);
    const blobs = await demo.ask(`blobs/${sha256('n'.repeat(200_000))}`);
    if (blobs.ok) expect(await blobs.text()).toBe('n'.repeat(200_000));
  }

  for (let first = 1; first <= operations; first += 2) {
    await Promise.all([first, first + 1].filter((at) => at <= operations).map(killAt));
  }
});

test('a process killed while it publishes loses no tag that it was told is taken (ATTACKS 63)', async () => {
  const folder = temporaryFolder();
  for (const prefix of ['a', 'b', 'c']) {
    const child = publisher.start(folder, 'tags', prefix, '1000');
    let taken = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      taken += text;
      if (taken.split('\n').length > 10) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const lines = taken.split('\n').slice(0, -1);
    const tags = await expectConsistent(repository(folderStorage(folder)));
    expect(tags).toEqual(expect.arrayContaining(lines));
  }
});

test('the lock of a process that was killed is taken over (ATTACKS 67)', async () => {
  const folder = temporaryFolder();
  const child = publisher.start(folder, 'hold');
  if (child.stdout) await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await ended(child);
  const demo = repository(folderStorage(folder));
  await demo.pushImage('v1', 'layer');
  expect(await expectConsistent(demo)).toEqual(['v1']);
});

test('the lock of a living process is waited for (ATTACKS 65)', async () => {
  const folder = temporaryFolder();
  const [slow, quick] = [folderStorage(folder), repository(folderStorage(folder))];
  const order: string[] = [];
  let pushed: Promise<unknown> = Promise.resolve();
  await slow.updateIndex('fred/demo', async (index) => {
    pushed = quick.pushImage('v1', 'layer').then(() => order.push('quick'));
    // Blobs need no lock: by the time that these are there, the manifest waits for it.
    for (const layer of ['a', 'b', 'c']) await quick.pushBlob(layer);
    order.push('slow');
    return { ...index, annotations: { by: 'slow' } };
  });
  await pushed;
  await quick.pushImage('v2', 'layer');
  expect(order).toEqual(['slow', 'quick']);
  expect(await slow.readIndex('fred/demo')).toMatchObject({ annotations: { by: 'slow' } });
  expect(await expectConsistent(quick)).toEqual(['v1', 'v2']);
});

test('a disk without room is answered with 507, nothing half is left, and small things go on (ATTACKS 64)', async () => {
  const folder = temporaryFolder();
  const old = await repository(folderStorage(folder)).pushImage('old', 'old');
  expect(await output(publisher.startLimited(100, folder, 'large'))).toBe('507');
  const demo = repository(folderStorage(folder));
  expect(await expectConsistent(demo)).toEqual(['old', 'small']);
  expect(await (await demo.ask('manifests/old')).text()).toBe(old);
  expect(readdirSync(join(folder, '_uploads'))).toEqual([]);
});
