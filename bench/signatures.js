// Verified signatures per second of processor time. A check reads the key as the metadata has it, refuses what is not strictly
// encoded, imports the key, and verifies; beside it the same import and verification with nothing around, and the verification
// alone with a key at hand. Where Web Crypto has no Ed25519, noble does it: there is nothing to import.
//   node bench/signatures.js
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { verifyAsync } from '@noble/ed25519';
import { bundleTuf } from './bundled-tuf.js';

const ROUNDS = 9;
/** Of each round. */
const CHECKS = 200;
const payload = new Uint8Array(2048).fill(0x61);
const { subtle } = crypto;
const BARE = {
  ed25519: [{ name: 'Ed25519' }, 'Ed25519'],
  ecdsa: [
    { name: 'ECDSA', namedCurve: 'P-256' },
    { name: 'ECDSA', hash: 'SHA-256' },
  ],
  rsa: [
    { name: 'RSA-PSS', hash: 'SHA-256' },
    { name: 'RSA-PSS', saltLength: 32 },
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'dtuf-signatures-'));
try {
  const tuf = await import(pathToFileURL(await bundleTuf(folder)).href);
  for (const [type, [algorithm, verifying]] of Object.entries(BARE)) {
    const { pkcs8, publicPem } = await tuf.generateKeyPair(type);
    const signer = await tuf.signerOf(pkcs8);
    const check = await checkOf(tuf, signer);
    const importKey = () => subtle.importKey('spki', spkiOf(publicPem), algorithm, true, ['verify']);
    const key = await importKey();
    const signature = await bareSignature(pkcs8, algorithm, verifying);
    const verify = (withKey) => subtle.verify(verifying, withKey, signature, payload);
    await compare(type, {
      check,
      'import and verify': async () => verify(await importKey()),
      verify: () => verify(key),
    });
    if (type !== 'ed25519') continue;
    const point = new Uint8Array(Buffer.from(signer.key.keyval.public, 'hex'));
    const noble = () => verifyAsync(signature, payload, point, { zip215: false });
    await compare('ed25519 by noble', { check: withoutEd25519(check), verify: noble });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The check of a file with one signature by one key. */
async function checkOf(tuf, signer) {
  const keyid = await tuf.keyidOf(signer.key);
  const metadata = { payload, signatures: [{ keyid, sig: tuf.toHex(await signer.sign(payload)) }] };
  const by = { keyids: [keyid], threshold: 1, keys: new Map([[keyid, signer.key]]) };
  return async () => (await tuf.countSignatures(metadata, by)) === 1;
}

async function bareSignature(pkcs8, algorithm, signing) {
  const key = await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  return new Uint8Array(await subtle.sign(signing, key, payload));
}

function spkiOf(pem) {
  return Buffer.from(pem.replace(/-----.*?-----/g, ''), 'base64');
}

/** As in a browser that does not know Ed25519. */
function withoutEd25519(check) {
  return async () => {
    const importKey = subtle.importKey;
    subtle.importKey = async () => {
      throw new DOMException('no Ed25519', 'NotSupportedError');
    };
    try {
      return await check();
    } finally {
      subtle.importKey = importKey;
    }
  };
}

/** All in each round; of each the median is printed, and from where to where the rounds went. */
async function compare(what, subjects) {
  const rates = Object.entries(subjects).map(([name, verify]) => ({ name, verify, found: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { verify, found } of rates) found.push(await rate(verify));
  }
  const shown = rates.map(({ name, found }) => {
    const sorted = found.sort((a, b) => a - b).map((one) => one.toFixed(0));
    return `${name} ${sorted[ROUNDS >> 1]}/s (${sorted[0]}-${sorted.at(-1)})`;
  });
  console.log(`${what.padEnd(18)} ${shown.join(', ')}`);
}

async function rate(verify) {
  const start = process.cpuUsage();
  for (let i = 0; i < CHECKS; i++)
    if (!(await verify())) throw new Error('a good signature was not verified');
  const { user, system } = process.cpuUsage(start);
  return CHECKS / ((user + system) / 1e6);
}
