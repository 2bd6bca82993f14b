// Writes the metadata of a repository with many targets. What looks random is counted from the number of the target, so
// that each run has the same file.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const expires = new Date(Date.now() + 365 * 24 * 3600 * 1000);

/** About 40 bytes; neighbours in the file are no neighbours in the order of names. */
export function nameOf(i) {
  const hex = digest('sha256', `name ${i}`);
  return `packages/${hex.slice(0, 2)}/${hex.slice(2, 18)}-1.${i % 20}.0.tgz`;
}

/** Root, timestamp, snapshot and targets in `folder`, all signed by one key. */
export async function writeRepository(tuf, folder, size) {
  const { pkcs8 } = await tuf.generateKeyPair('ed25519');
  const signer = await tuf.signerOf(pkcs8);
  const keyid = await tuf.keyidOf(signer.key);
  const validity = { version: 1, expires };
  const write = async (role, signed) => {
    const bytes = await tuf.signMetadata(signed, [{ keyid, signer }]);
    await writeFile(join(folder, `${role}.json`), bytes);
    return bytes;
  };
  const keys = new Map([[keyid, signer.key]]);
  const roles = { root: keys, targets: keys, snapshot: keys, timestamp: keys };
  await write('root', tuf.rootToSign(validity, roles, {}));
  const targets = await write('targets', tuf.targetsToSign(validity, new Map(entries(size))));
  const file = { length: targets.length, hashes: { sha256: digest('sha256', targets) }, version: 1 };
  const snapshot = await write('snapshot', tuf.snapshotToSign(validity, new Map([['targets.json', file]])));
  await write('timestamp', await tuf.timestampToSign(validity, 1, snapshot));
}

function* entries(size) {
  for (let i = 0; i < size; i++) yield [nameOf(i), entry(i)];
}

/** One in twenty has a sha512 too, another one `custom`. */
function entry(i) {
  const hashes = { sha256: digest('sha256', `content ${i}`) };
  if (i % 20 === 0) hashes.sha512 = digest('sha512', `content ${i}`);
  const file = { length: (i * 7919) % 50_000_000, hashes };
  return i % 20 === 1 ? { ...file, custom: { platform: 'linux/amd64', revision: i } } : file;
}

function digest(algorithm, data) {
  return createHash(algorithm).update(data).digest('hex');
}
