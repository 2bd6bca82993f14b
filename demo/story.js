// The story that the demo tells: publish, pull, update, tamper.
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const repository = 'fred/demo';
const FIRST = 'Hello World!\n';
const SECOND = 'Hello again, World!\n';

/**
 * @param registryFolder where the embedded registry keeps its blobs.
 * @returns what a page needs to know of the repository.
 */
export async function tellStory(shell, registryFolder) {
  const { folder, heading, remark, typed, dtuf } = shell;
  const [publisher, reader] = [join(folder, 'publisher'), join(folder, 'reader')];
  await mkdir(publisher);
  await mkdir(reader);

  heading('A registry on this machine, and two people');
  remark(`an embedded OCI registry over the folder ${registryFolder}`);
  shell.showEnvironment();

  heading('Publish');
  await dtuf('publisher', ['create-root-key', repository]);
  await dtuf('publisher', ['create-metadata-keys', repository]);
  await dtuf('publisher', ['create-metadata', repository]);
  typed('publisher', `echo '${FIRST.trim()}' > demo.txt`);
  await writeFile(join(publisher, 'demo.txt'), FIRST);
  typed('publisher', 'head -c 3000000 /dev/urandom > release.bin');
  await writeFile(join(publisher, 'release.bin'), randomBytes(3_000_000));
  await dtuf('publisher', ['push-target', repository, 'demo.txt', 'demo.txt']);
  await dtuf('publisher', ['push-target', repository, 'release.bin', 'release.bin']);
  await dtuf('publisher', ['push-metadata', repository]);

  heading('Pull and verify, elsewhere');
  remark('the root public key is all that a reader needs to be given');
  const rootKey = join(publisher, 'dtuf_repos', ...repository.split('/'), 'master', 'keys', 'root_key.pub');
  typed('reader', `cp ../publisher/dtuf_repos/${repository}/master/keys/root_key.pub .`);
  await copyFile(rootKey, join(reader, 'root_key.pub'));
  remark('prints the targets that changed since the last download');
  await dtuf('reader', ['pull-metadata', repository, 'root_key.pub']);
  expectOutput(await dtuf('reader', ['pull-target', repository, 'demo.txt']), FIRST);
  await dtuf('reader', ['pull-target', repository, 'release.bin', '--output', 'release.bin']);
  await dtuf('reader', ['check-target', repository, 'release.bin', 'release.bin']);

  heading('Update');
  typed('publisher', `echo '${SECOND.trim()}' > demo.txt`);
  await writeFile(join(publisher, 'demo.txt'), SECOND);
  await dtuf('publisher', ['push-target', repository, 'demo.txt', 'demo.txt']);
  await dtuf('publisher', ['push-metadata', repository]);
  remark('only what changed is named');
  expectOutput(await dtuf('reader', ['pull-metadata', repository]), 'demo.txt\n');
  expectOutput(await dtuf('reader', ['pull-target', repository, 'demo.txt']), SECOND);

  heading('Tamper');
  remark('somebody who can write to the registry’s disk changes one bit of demo.txt');
  const blob = blobPath(registryFolder, SECOND);
  const genuine = await readFile(blob);
  typed('registry', overwriting('J', SECOND));
  await writeFile(blob, altered(genuine));
  remark('the reader gets an error, an exit code, and not one byte of it');
  expectOutput(await dtuf('reader', ['pull-target', repository, 'demo.txt'], 1), '');
  remark('put back as it was');
  typed('registry', overwriting('H', SECOND));
  await writeFile(blob, genuine);
  expectOutput(await dtuf('reader', ['pull-target', repository, 'demo.txt']), SECOND);

  const keyOf = (name) => readFile(join(dirname(rootKey), name), 'utf8');
  return {
    repository,
    text: 'demo.txt',
    data: 'release.bin',
    rootKey: await keyOf('root_key.pub'),
    // For the attacks of the page: the one key that is online, and that somebody took.
    stolen: { pem: await keyOf('timestamp_key'), password: shell.passwordOf('timestamp') },
  };
}

function altered(bytes) {
  const other = Buffer.from(bytes);
  // "Hello" becomes "Jello": one bit.
  other[0] ^= 2;
  return other;
}

/** What a person would type to write over the first letter of a blob. */
function overwriting(letter, content) {
  return `printf ${letter} | dd conv=notrunc of=${repository}/blobs/sha256/${sha256(content)}`;
}

function blobPath(registryFolder, content) {
  return join(registryFolder, ...repository.split('/'), 'blobs', 'sha256', sha256(content));
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

function expectOutput(output, expected) {
  if (output === expected) return;
  throw new Error(`expected ${JSON.stringify(expected)} on standard output, got ${JSON.stringify(output)}`);
}
