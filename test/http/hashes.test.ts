// Which hashes of a target decide, over http: every known one, alone or beside others.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import { repository } from '../tuf/repository.ts';
import { client, Web } from './web.ts';

let web: Web;
beforeEach(async () => {
  web = await Web.start();
});
afterEach(() => web.stop());

const hash = async (algorithm: string) =>
  toHex(new Uint8Array(await crypto.subtle.digest(algorithm, utf8('Hello'))));
const sha256 = await hash('SHA-256');
const sha512 = await hash('SHA-512');
const [no256, no512] = ['0'.repeat(64), '0'.repeat(128)];

/** What a client reads of a target with these hashes, or the code of its error. */
async function read(length: number, hashes: Record<string, string>, consistent: boolean): Promise<string> {
  const plain = repository().withTargets({ 'demo.txt': { length, hashes } });
  const files = await plain
    .with('root', { signed: (signed) => ({ ...signed, consistent_snapshot: consistent }) })
    .build();
  await web.publish(files);
  // The server answers the same under every name that it is asked for.
  web.fault = ({ url = '' }, response) => {
    if (!url.startsWith('/targets/')) return false;
    response.end('Hello');
    return true;
  };
  const copy = client(web, { trust: files.root });
  await copy.pullMetadata();
  const target = await copy.pullTarget('demo.txt');
  return target.text().catch((error: { code: string }) => error.code);
}

it.each([
  [5, { sha256 }],
  [5, { sha512 }],
  [5, { sha256, sha512 }],
  [5, { sha256, 'blake2b-256': 'unknown' }],
  [5, { sha512, md5: 'unknown' }],
])('a target of %i bytes with %j is handed out (ATTACKS 50)', async (length, hashes) => {
  for (const consistent of [true, false]) expect(await read(length, hashes, consistent)).toBe('Hello');
});

it.each([
  [5, { sha256: no256 }],
  [5, { sha512: no512 }],
  [5, { sha256: no256, sha512 }],
  [5, { sha256, sha512: no512 }],
  [5, { sha256: no256, 'blake2b-256': 'unknown' }],
  [4, { sha256 }],
  [6, { sha256 }],
  [4, { sha512 }],
  [6, { sha256, sha512 }],
])('a target of %i bytes with %j is refused (ATTACKS 50, 51)', async (length, hashes) => {
  for (const consistent of [true, false]) {
    expect(await read(length, hashes, consistent)).toMatch(
      /^TARGET_MISMATCH$|^REGISTRY_FAILED$|^UNREACHABLE$/,
    );
  }
});
