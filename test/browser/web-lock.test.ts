import { afterEach, describe, expect, it, vi } from 'vitest';
import { webLock } from '../../adapters/browser/index.ts';
import { cleanUp } from './storage.ts';

afterEach(cleanUp);

const newPrefix = () => `test ${crypto.randomUUID()}`;

/** A lock that is held until `release` is called. */
function held(prefix: string, name = 'publish') {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  let entered = () => {};
  const isHeld = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const done = webLock(prefix).run(name, async () => {
    entered();
    await until;
  });
  return { isHeld, done, release };
}

describe('a Web Lock', () => {
  it('lets one in after the other, from two instances (ATTACKS 65)', async () => {
    const prefix = newPrefix();
    const order: string[] = [];
    const first = held(prefix);
    await first.isHeld;
    const second = webLock(prefix).run('publish', async () => order.push('second'));
    order.push('first');
    first.release();
    await Promise.all([first.done, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('does not keep out who asks for another name or has another prefix', async () => {
    const prefix = newPrefix();
    const first = held(prefix);
    await first.isHeld;
    expect(await webLock(prefix).run('other', async () => 1)).toBe(1);
    expect(await webLock(newPrefix()).run('publish', async () => 2)).toBe(2);
    first.release();
    await first.done;
  });

  it('is released where the work fails, and passes its error on', async () => {
    const prefix = newPrefix();
    const failed = webLock(prefix).run('publish', async () => {
      throw new RangeError('of the work');
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await webLock(prefix).run('publish', async () => 'free')).toBe('free');
  });

  it('stops waiting when it is told to', async () => {
    const prefix = newPrefix();
    const first = held(prefix);
    await first.isHeld;
    const controller = new AbortController();
    const waiting = webLock(prefix).run('publish', async () => 'entered', controller.signal);
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    first.release();
    await first.done;
  });

  it('does not begin where it was told to stop before', async () => {
    const work = vi.fn(async () => 'entered');
    await expect(webLock(newPrefix()).run('publish', work, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(work).not.toHaveBeenCalled();
  });

  it('gives up where another holds it for too long', async () => {
    const prefix = newPrefix();
    const first = held(prefix);
    await first.isHeld;
    const waiting = webLock(prefix, { wait: 20 }).run('publish', async () => 'entered');
    await expect(waiting).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('publish'),
    });
    first.release();
    await first.done;
  });

  it('is not ended by the bound on waiting once it is held', async () => {
    // Long enough for a free lock to be had on a busy machine.
    const wait = 500;
    const done = webLock(newPrefix(), { wait }).run(
      'publish',
      // Held for longer than anybody would wait for it.
      () => new Promise<string>((resolve) => setTimeout(() => resolve('whole'), wait + 1)),
    );
    expect(await done).toBe('whole');
  });

  it('says plainly that there are none', async () => {
    vi.stubGlobal('navigator', {});
    await expect(webLock(newPrefix()).run('publish', async () => 1)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('Web Locks'),
    });
  });

  it('says that the browser refuses them to a page without an origin', async () => {
    vi.spyOn(navigator.locks, 'request').mockRejectedValue(new DOMException('opaque', 'SecurityError'));
    await expect(webLock(newPrefix()).run('publish', async () => 1)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });
});
