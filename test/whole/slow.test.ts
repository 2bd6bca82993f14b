// A registry that answers slowly or not at all, and a caller that no longer wants to wait.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../adapters/node/files.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { DTufMaster, memoryLock, type VerifiedTarget } from '../../src/index.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { watched } from '../core/watched.ts';
import { temporaryFolder } from '../node/temporary.ts';
import { fileOf, type Lie, type Signed, signed, utf8 } from './signed.ts';

const data = utf8('x'.repeat(100_000));

async function published(): Promise<Signed> {
  const at = await signed({ a: await fileOf(data) });
  await pushBlob(at.repository.blobs, { digest: await digestOf(data), size: data.length }, data);
  return at;
}

/** Bodies that come too slowly. */
const bodies = {
  silence: () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) }),
  'a byte now and then': () => {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.enqueue(data.subarray(at, ++at));
      },
    });
  },
};

type Body = keyof typeof bodies;
const names: readonly Body[] = ['silence', 'a byte now and then'];

const body =
  (kind: Body, path: RegExp): Lie =>
  (asked) =>
    path.test(asked.path)
      ? new Response(bodies[kind](), {
          headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
        })
      : undefined;

const never: Lie = () => new Promise<Response>(() => undefined);

const impatient = { idle: 150, attempts: 1 };

describe('a registry that gives', () => {
  it.each(names)('%s in the place of metadata is given up (ATTACKS 38)', async (kind) => {
    const at = await published();
    const copy = await at.client({ limits: impatient });
    at.lie(body(kind, /^manifests/));
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'TIMED_OUT' });
    expect((await (await copy.pullTarget('a')).bytes()).length).toBe(data.length);
  });

  it.each(names)(
    '%s in the place of a target is given up, and nothing is handed out (ATTACKS 38)',
    async (kind) => {
      const at = await published();
      const folder = temporaryFolder();
      const copy = await at.client({ limits: impatient, files: nodeFiles({ temporary: folder }) });
      at.lie(body(kind, /^blobs/));
      const target = await copy.pullTarget('a');
      const timedOut = { code: 'TIMED_OUT' };
      await expect(target.bytes()).rejects.toMatchObject(timedOut);
      await expect(target.stream()).rejects.toMatchObject(timedOut);
      await expect(target.save({ path: join(folder, 'out') })).rejects.toMatchObject(timedOut);
      const stream = await target.stream({ unverified: true });
      await expect(new Response(stream).bytes()).rejects.toMatchObject(timedOut);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('no answer at all is given up (ATTACKS 38)', async () => {
    const at = await published();
    const copy = await at.client({ limits: impatient });
    at.lie(never);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'TIMED_OUT' });
    await expect((await copy.pullTarget('a')).bytes()).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });
});

/** Aborts once the registry has been asked, or once a first chunk has come. */
async function abortWhileWaiting(at: Signed, kind: Body | 'no answer', path: RegExp) {
  const control = new AbortController();
  const reason = new Error('no longer wanted');
  at.lie((asked) => {
    if (!path.test(asked.path)) return undefined;
    setTimeout(() => control.abort(reason), 5);
    return kind === 'no answer' ? never(asked) : body(kind, path)(asked);
  });
  return { signal: control.signal, expected: { code: 'ABORTED', cause: reason } };
}

const waits = [...names, 'no answer'] as const;

describe('an abort ends at once, with the code ABORTED', () => {
  it.each(waits)('a refresh that waits for %s (ATTACKS 38)', async (kind) => {
    const at = await published();
    const copy = await at.client();
    const { signal, expected } = await abortWhileWaiting(at, kind, /^manifests/);
    await expect(copy.pullMetadata({ signal })).rejects.toMatchObject(expected);
    expect((await (await copy.pullTarget('a')).bytes()).length).toBe(data.length);
  });

  const ways: Readonly<
    Record<string, (target: VerifiedTarget, signal: AbortSignal, folder: string) => Promise<unknown>>
  > = {
    bytes: (target, signal) => target.bytes({ signal }),
    save: (target, signal, folder) => target.save({ signal, path: join(folder, 'out') }),
    stream: (target, signal) => target.stream({ signal }),
    slice: (target, signal) => target.slice(0, 1, { signal }),
    'an unverified stream': async (target, signal) =>
      new Response(await target.stream({ signal, unverified: true })).bytes(),
    async parts(target, signal) {
      for await (const part of target.parts()) await part.stream({ signal });
    },
  };

  describe.each(Object.entries(ways))('%s', (_, read) => {
    it.each(waits)('that waits for %s (ATTACKS 38)', async (kind) => {
      const at = await published();
      const folder = temporaryFolder();
      const copy = await at.client({ files: nodeFiles({ temporary: folder }) });
      const target = await copy.pullTarget('a');
      const { signal, expected } = await abortWhileWaiting(at, kind, /^blobs/);
      await expect(read(target, signal, folder)).rejects.toMatchObject(expected);
      expect(readdirSync(folder)).toEqual([]);
    });

    it('before anything is asked for (ATTACKS 38)', async () => {
      const at = await published();
      const folder = temporaryFolder();
      const copy = await at.client({ files: nodeFiles({ temporary: folder }) });
      const target = await copy.pullTarget('a');
      const signal = AbortSignal.abort('never wanted');
      await expect(read(target, signal, folder)).rejects.toMatchObject({
        code: 'ABORTED',
        cause: 'never wanted',
      });
      expect(at.seen).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    });

    it('that is told of its progress, in between (ATTACKS 38)', async () => {
      const at = await published();
      const folder = temporaryFolder();
      const copy = await at.client({ files: nodeFiles({ temporary: folder }) });
      const control = new AbortController();
      at.lie(({ path }) => {
        if (!path.startsWith('blobs/')) return undefined;
        let sent = 0;
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
          if (sent === 50_000) control.abort();
          if (sent >= data.length) controller.close();
          else controller.enqueue(data.subarray(sent, sent + 10_000));
          sent += 10_000;
        };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      });
      const target = await copy.pullTarget('a');
      await expect(read(target, control.signal, folder)).rejects.toMatchObject({ code: 'ABORTED' });
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  it('an unverified stream that nobody reads on (ATTACKS 38)', async () => {
    const at = await published();
    const control = new AbortController();
    const target = await (await at.client()).pullTarget('a');
    const stream = await target.stream({ unverified: true, signal: control.signal });
    const reader = stream.getReader();
    await reader.read();
    control.abort('enough');
    await expect(reader.read()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });

  it('a comparison with a local file (ATTACKS 38)', async () => {
    const at = await published();
    const copy = await at.client();
    const signal = AbortSignal.abort('never wanted');
    await expect(copy.checkTarget('a', data, { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: 'never wanted',
    });
  });

  it('a publish at each of its requests, which can be repeated (ATTACKS 38, 63)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    for (let stop = 1; ; stop++) {
      const control = new AbortController();
      const { fetch, seen } = watched(registry, (_, count) => {
        if (count === stop) control.abort('enough');
      });
      const master = new DTufMaster({
        host: { fetch },
        repository: made.repository,
        store: made.store,
        lock: memoryLock(),
        keys: made.keys,
      });
      const publish = async (signal?: AbortSignal) => {
        const call = signal ? { signal } : {};
        await master.pushTarget('a', bytesOf(`a${stop}`), call);
        await master.pushMetadata(call);
      };
      const ended = await publish(control.signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (seen.length < stop) {
        expect(stop).toBeGreaterThan(10);
        return;
      }
      expect(ended).toMatchObject({ code: 'ABORTED', cause: 'enough' });
      expect(seen.length).toBe(stop);
      await publish();
    }
  });
});
