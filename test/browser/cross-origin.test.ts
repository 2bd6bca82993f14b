// What a page is told of a server that is there and keeps some of its answers from it.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tellingCors } from '../../adapters/browser/cross-origin.ts';

afterEach(() => vi.unstubAllGlobals());

const registry = 'https://registry.example.com/v2/fred/demo/';

/** A registry that lets a page read what needs no preflight, and answers each OPTIONS with 401, as distribution does. */
function openWithoutLogin() {
  vi.stubGlobal('fetch', async () => new Response());
  return tellingCors(async (_, { method = 'GET', headers } = {}) => {
    if (method !== 'GET' || new Headers(headers).has('authorization')) throw new TypeError('Failed to fetch');
    return new Response('', { status: 401 });
  });
}

const login = { headers: { Authorization: 'Basic x' } };
const blamed = { code: 'UNREACHABLE', message: expect.stringMatching(/is there, .*\(CORS\).*OPTIONS/) };

describe('of what fails after answers that a page could read', () => {
  it.each([
    ['a login', login],
    ['a write', { method: 'PUT' }],
  ])('%s that no preflight is answered for is blamed on CORS', async (_, init) => {
    const fetch = openWithoutLogin();
    expect((await fetch(registry)).status).toBe(401);
    await expect(fetch(registry, init)).rejects.toMatchObject(blamed);
  });

  it('the like of what could be read is not', async () => {
    vi.stubGlobal('fetch', async () => new Response());
    const failure = new TypeError('Failed to fetch');
    const answers = vi.fn(async () => new Response()).mockRejectedValueOnce(failure);
    const fetch = tellingCors(answers);
    await expect(fetch(registry, login)).rejects.toMatchObject(blamed);
    await fetch(registry, login);
    answers.mockRejectedValueOnce(failure);
    await expect(fetch(`${registry}blobs`, login)).rejects.toBe(failure);
  });
});

describe('of the policy of the page itself', () => {
  const asksWhile = (disposition: SecurityPolicyViolationEventDisposition) => {
    const failure = new TypeError('Failed to fetch');
    vi.stubGlobal('fetch', () => Promise.reject(failure));
    const fetch = tellingCors(async () => {
      const named = {
        effectiveDirective: 'connect-src',
        violatedDirective: 'connect-src',
        blockedURI: registry,
      };
      const required = { documentURI: location.href, originalPolicy: '', statusCode: 200, disposition };
      document.dispatchEvent(
        new SecurityPolicyViolationEvent('securitypolicyviolation', { ...named, ...required }),
      );
      throw failure;
    });
    return { failure, asked: fetch(registry) };
  };

  it('it is blamed where it is enforced', async () => {
    await expect(asksWhile('enforce').asked).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('connect-src'),
    });
  });

  it('it is not blamed where it only reports', async () => {
    const { asked, failure } = asksWhile('report');
    await expect(asked).rejects.toBe(failure);
  });
});
