import { describe, expect, it } from 'vitest';
import { parseRateLimit, RateLimits, rateLimitText } from '../../src/registry/rate-limit.ts';
import { Registry, type RegistryOptions } from '../../src/registry/registry.ts';

const rate = (limit: string, remaining: string, source?: string): Headers =>
  new Headers({
    'RateLimit-Limit': limit,
    'RateLimit-Remaining': remaining,
    ...(source === undefined ? {} : { 'Docker-RateLimit-Source': source }),
  });

describe('what a registry says of its limits', () => {
  it('is read as Docker Hub writes it', () => {
    const read = parseRateLimit(rate('100;w=21600', '76;w=21600', '203.0.113.9'));
    expect(read).toEqual({ limit: 100, remaining: 76, window: 21600, source: '203.0.113.9' });
    expect(read && rateLimitText(read)).toBe('76 of 100 requests in 6 h are left to 203.0.113.9');
  });

  it('is left alone where it is something else', () => {
    for (const remaining of ['', 'many', '-1', '9'.repeat(40)]) {
      expect(parseRateLimit(rate('100', remaining))).toBeUndefined();
    }
    expect(parseRateLimit(new Headers())).toBeUndefined();
    expect(parseRateLimit(rate('many', '5'))).toMatchObject({ limit: undefined, remaining: 5 });
  });

  it('is shown once, and only when little is left', () => {
    const shown: string[] = [];
    const limits = new RateLimits('registry.example.com', (text) => shown.push(text));
    for (const remaining of [50, 11, 10, 9, 0]) limits.take(rate('100;w=60', `${remaining};w=60`));
    expect(shown).toEqual(['registry.example.com limits requests: 10 of 100 requests in 1 min are left']);
  });

  it('cannot forge a line (ATTACKS 97)', () => {
    const source = 'a\u0085b\u202e';
    const read = parseRateLimit({
      get: (name: string) => (name === 'docker-ratelimit-source' ? source : '1'),
    });
    expect(read?.source).toBe('a\\u{85}b\\u{202e}');
  });
});

describe('a 429', () => {
  const refused = async (headers: Record<string, string>, options: Partial<RegistryOptions> = {}) => {
    const body = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] });
    const fetch: typeof globalThis.fetch = async () => new Response(body, { status: 429, headers });
    const registry = new Registry({
      place: 'registry.example.com',
      fetch,
      limits: { retryAfter: 1 },
      ...options,
    });
    return registry
      .repository('a')
      .manifests.fetch('b')
      .catch((error: unknown) => error);
  };

  it('says what the registry said: its code, its limits, and when to try again', async () => {
    const error = await refused({
      'Retry-After': '3600',
      'RateLimit-Limit': '100;w=21600',
      'RateLimit-Remaining': '0;w=21600',
      'Docker-RateLimit-Source': '203.0.113.9',
    });
    expect(error).toMatchObject({
      code: 'REGISTRY_FAILED',
      cause: {
        status: 429,
        errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }],
        retryAfter: '3600',
        rateLimit: { limit: 100, remaining: 0, window: 21600, source: '203.0.113.9' },
      },
    });
    const text = String(error);
    expect(text).toContain('429 TOOMANYREQUESTS "slow down"');
    expect(text).toContain('0 of 100 requests in 6 h are left to 203.0.113.9');
    expect(text).toContain('It asks to be tried again in 3600 s.');
  });

  it('says a date as it came', async () => {
    const date = 'Fri, 31 Dec 2199 23:59:59 GMT';
    expect(String(await refused({ 'Retry-After': date }))).toContain(`tried again at ${date}.`);
  });

  it('is told of as a notice too, once', async () => {
    const notices: string[] = [];
    await refused(
      { 'RateLimit-Limit': '100', 'RateLimit-Remaining': '0' },
      { onWarning: (text) => notices.push(text) },
    );
    expect(notices).toEqual(['registry.example.com limits requests: 0 of 100 requests are left']);
  });
});
