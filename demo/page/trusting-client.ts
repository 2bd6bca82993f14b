// A client as many are: it asks for the newest release, and takes what it is given.
import { fileOf, readBundle } from './bundle.ts';
import { type Bytes, parseTargets } from './dtuf.ts';
import { base, type Registry } from './world.ts';

/** In bytes: where the story ends it, since nothing else would. */
const ENOUGH = 16 * 1024 * 1024;

export interface Taken {
  readonly bytes: Bytes;
  /** Whether more was still coming when the story ended it. */
  readonly endless: boolean;
}

export async function takeWithoutVerifying(
  registry: Registry,
  repository: string,
  name: string,
): Promise<Taken> {
  const release = await readBundle(registry, repository, 'timestamp.json');
  const { hashes } = parseTargets(fileOf(release, 'targets').bytes).signed.targets.get(name) ?? {};
  const response = await registry.fetch(
    new URL(`/v2/${repository}/blobs/sha256:${hashes?.['sha256']}`, base()),
  );
  return readAll(response);
}

async function readAll({ body }: Response): Promise<Taken> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {};
    if (done || value === undefined) break;
    chunks.push(value);
    length += value.length;
    if (length < ENOUGH) continue;
    await reader?.cancel();
    return { bytes: new Uint8Array(await new Blob(chunks as Bytes[]).arrayBuffer()), endless: true };
  }
  return { bytes: new Uint8Array(await new Blob(chunks as Bytes[]).arrayBuffer()), endless: false };
}
