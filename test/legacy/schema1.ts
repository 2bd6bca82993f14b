// Docker's first manifests (distribution 2.8, docs/spec/manifest-v2-1.md), as registries of python-dtuf's time made them.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A schema 1 manifest that lists `blobs`, without signatures. */
export function schema1(name: string, tag: string, blobs: readonly string[]): string {
  const manifest = {
    schemaVersion: 1,
    name,
    tag,
    architecture: 'amd64',
    fsLayers: blobs.map((blobSum) => ({ blobSum })),
    history: blobs.map((_, i) => ({ v1Compatibility: JSON.stringify({ id: String(i) }) })),
  };
  return JSON.stringify(manifest, null, 3);
}

/** The same with the signature of a new P-256 key: libtrust's JWS, whose payload is the text without its signatures. */
export function signSchema1(payload: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const formatLength = payload.lastIndexOf('\n}');
  const protectedHeader = base64url(
    JSON.stringify({
      formatLength,
      formatTail: base64url(payload.slice(formatLength)),
      time: '2016-01-01T00:00:00Z',
    }),
  );
  const input = Buffer.from(`${protectedHeader}.${base64url(payload)}`);
  const signature = {
    header: { jwk: publicJwk(privateKey), alg: 'ES256' },
    signature: sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    protected: protectedHeader,
  };
  const signatures = JSON.stringify([signature], null, 3).replaceAll('\n', '\n   ');
  return `${payload.slice(0, formatLength)},\n   "signatures": ${signatures}\n}`;
}

function publicJwk(key: KeyObject): object {
  const publicKey = createPublicKey(key);
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return { crv, kid: keyId(publicKey), kty, x, y };
}

/** libtrust's key id: the first 240 bits of the SHA-256 of the key, base32, in groups of four. */
function keyId(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  const bits = [...digest.subarray(0, 30)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = (bits.match(/.{5}/g) ?? []).map(
    (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)],
  );
  return (letters.join('').match(/.{4}/g) ?? []).join(':');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
