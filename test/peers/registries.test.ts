// The same suites, on every registry that can be had, however it is guarded.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry } from '../../src/registry/registry.ts';
import { deleteBlob } from '../../src/registry/removal.ts';
import { bytesOf } from '../core/people.ts';
import { blobOf, expectSame, noise } from '../registry/content.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { registrySuite, type Started } from '../registry/suite.ts';
import { clientAt, journey, publisherAt, publishTwo, type Reached } from './journey.ts';
import { describeWithPeer } from './places.ts';
import { type Guard, kinds, reachedBy, type Start } from './registries.ts';

for (const kind of kinds) {
  kind.describe(kind.name, (start) => {
    for (const guard of kind.guards) {
      if (guard === 'read-only') readOnly(start);
      else guarded(start, guard);
    }
  });
}

describeWithPeer('distribution', 'distribution 3 after its garbage collection', (executable) => {
  it('everything that is published is there, also where untagged manifests went (ATTACKS 61)', async () => {
    const registry = await startDockerRegistry({ executable });
    onTestFinished(() => registry.stop());
    const reached = { publisher: { place: registry.url }, client: { place: registry.url } };
    const made = await publisherAt(reached);
    const large = await publishTwo(made.master);
    await made.master.pushTarget('parts', [bytesOf('first,'), bytesOf('second')]);
    await made.master.pushMetadata();
    await registry.garbageCollect({ deleteUntagged: true });
    const copy = clientAt(reached, made);
    await copy.pullMetadata();
    expectSame(await (await copy.pullTarget('large.bin')).bytes(), large);
    expect(await (await copy.pullTarget('parts')).text()).toBe('first,second');
  });
});

function guarded(start: Start, guard: Guard): void {
  if (guard !== 'deletes off') registrySuite(`${guard}: the client`, () => start(guard));

  describe(`${guard}: publishing and pulling`, () => {
    let started: Started;
    beforeAll(async () => {
      started = await start(guard);
    });
    afterAll(() => started?.stop());
    const reached = (): Reached => reachedBy(started, guard);

    journey(reached);

    if (guard === 'deletes off') {
      it('a delete that is switched off is told, and what was there stays (ATTACKS 61)', async () => {
        const { blobs } = new Registry({ place: started.place }).repository('deletes/off');
        const blob = await blobOf(noise(20, 31));
        await pushBlob(blobs, blob, blob.bytes);
        expect(await deleteBlob(blobs, blob.digest)).toBe(false);
        expect(await hasBlob(blobs, blob)).toBe(true);
      });
    } else if (guard !== 'open') {
      it('who does not sign in, or with another password, cannot publish', async () => {
        for (const credentials of [undefined, { username: 'fred', password: 'wrong' }]) {
          const made = await publisherAt({
            ...reached(),
            publisher: { place: started.place, ...(credentials && { connection: { credentials } }) },
          });
          await expect(made.master.pushTarget('a', bytesOf('a'))).rejects.toMatchObject({
            code: 'ACCESS_DENIED',
          });
        }
      });
    }
  });
}

function readOnly(start: Start): void {
  describe('read-only: pulling', () => {
    let folder: string;
    let stop: Started['stop'] | undefined;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'dtuf-read-only-'));
    });
    afterAll(async () => {
      await stop?.();
      await rm(folder, { recursive: true, force: true });
    });

    it('what was published before is pulled, and publishing is a clear error', async () => {
      const open = await start('open', folder);
      const made = await publisherAt(reachedBy(open, 'open'));
      const large = await publishTwo(made.master).finally(() => open.stop());
      const started = await start('read-only', folder);
      stop = started.stop;
      const copy = clientAt(reachedBy(started, 'read-only'), made);
      await copy.pullMetadata();
      expectSame(await (await copy.pullTarget('large.bin')).bytes(), large);
      const other = await publisherAt(reachedBy(started, 'read-only'));
      await expect(other.master.pushTarget('new', noise(30, 32))).rejects.toMatchObject({
        code: 'REGISTRY_FAILED',
        message: expect.stringContaining('405'),
      });
    });
  });
}
