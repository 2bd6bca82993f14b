// What comes between two attempts of a request.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Registry } from '../../src/registry/registry.ts';

/** The longest that a timer takes (HTML, timer initialisation steps). */
const longest = 2 ** 31 - 1;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A registry that answers 503 for ever, how often it was asked, and what gives up. */
function unavailable(headers: Record<string, string>, limits: { attempts?: number; retryAfter: number }) {
  const fetch = vi.fn(async () => new Response('', { status: 503, headers }));
  const { manifests } = new Registry({ place: 'registry.example.com', fetch, limits }).repository('a');
  const control = new AbortController();
  return { fetch, control, fetched: manifests.fetch('b', { signal: control.signal }) };
}

describe('between two attempts', () => {
  it('an abort ends the pause that Retry-After asked for', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { fetch, control, fetched } = unavailable({ 'Retry-After': '3600' }, { retryAfter: 3_600_000 });
    await vi.waitFor(() => expect(timers).toHaveBeenCalledWith(expect.anything(), 3_600_000));
    control.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
    expect(fetch).toHaveBeenCalledOnce();
  });

  it.each(['99999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'a pause that is longer than a timer takes is as long as that, and not none (Retry-After: %s)',
    async (wait) => {
      const timers = vi.spyOn(globalThis, 'setTimeout');
      const { control, fetched } = unavailable({ 'Retry-After': wait }, { retryAfter: Infinity });
      const waits = () => timers.mock.calls.map(([, after = 0]) => after);
      await vi.waitFor(() => expect(Math.max(...waits())).toBeGreaterThanOrEqual(longest));
      control.abort();
      await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
      expect(Math.max(...waits())).toBe(longest);
    },
  );

  it.each(['', '-5', '1.5', 'NaN', 'Infinity', '1e9', '5, 10', 'soon', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'a Retry-After of "%s" asks for no pause',
    async (wait) => {
      const timers = vi.spyOn(globalThis, 'setTimeout');
      const { fetch, fetched } = unavailable({ 'Retry-After': wait }, { attempts: 2, retryAfter: 61_234 });
      await expect(fetched).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      expect(fetch).toHaveBeenCalledTimes(2);
      expect(timers).not.toHaveBeenCalledWith(expect.anything(), 61_234);
    },
  );
});
