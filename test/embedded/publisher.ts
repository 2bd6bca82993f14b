/**
 * A process that publishes to a folder.
 *
 * `publisher FOLDER tags PREFIX N`: N images under PREFIX-0, PREFIX-1, …; prints the tag of each that was taken.
 * `publisher FOLDER once KILL_AT`: a large blob, an image and a moved tag; dies by SIGKILL at the file operation
 *   KILL_AT, in the middle of it where it is a write; prints how many there were where it did not.
 * `publisher FOLDER large`: pushes a blob of 1 MB, prints the status, and pushes a small image.
 * `publisher FOLDER hold`: takes the lock of the index, prints `held`, and waits.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [folder = '', mode = '', ...rest] = process.argv.slice(2);
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function open() {
  // After the file operations were taken in hand.
  const { folderStorage } = await import('../../adapters/registry/folder.ts');
  const { embeddedRegistry } = await import('../../adapters/registry/index.ts');
  return embeddedRegistry({ storage: folderStorage(folder) });
}

async function push(registry: Awaited<ReturnType<typeof open>>, tag: string, layer: string): Promise<void> {
  const expectOk = (response: Response) => {
    if (!response.ok) throw new Error(`${response.status} ${response.url}`);
  };
  const entry = async (content: string) => {
    const url = `/v2/fred/demo/blobs/uploads/?digest=${sha256(content)}`;
    expectOk(await registry.fetch(url, { method: 'POST', body: content }));
    return { mediaType: 'application/octet-stream', digest: sha256(content), size: content.length };
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: await entry('{}'),
    layers: [await entry(layer)],
  };
  const headers = { 'Content-Type': ociManifest };
  const body = JSON.stringify(manifest);
  expectOk(await registry.fetch(`/v2/fred/demo/manifests/${tag}`, { method: 'PUT', body, headers }));
}

interface Written {
  write(bytes: Uint8Array, offset: number, length: number): Promise<unknown>;
  sync(): Promise<void>;
}

/** Counts what is done to files, and ends the process at the operation `killAt`. @returns the count. */
async function countOperations(killAt: number): Promise<() => number> {
  let count = 0;
  const die = () => process.kill(process.pid, 'SIGKILL');
  const step = () => {
    count++;
    if (count === killAt) die();
  };
  for (const name of ['open', 'rename', 'link', 'unlink', 'mkdir', 'copyFile'] as const) {
    const wrapped: (...args: never[]) => unknown = fs.promises[name];
    Object.assign(fs.promises, {
      [name]: (...args: never[]) => {
        step();
        return wrapped(...args);
      },
    });
  }
  for (const name of ['mkdir', 'rmdir', 'utimes'] as const) {
    const wrapped: (...args: never[]) => unknown = fs[name];
    Object.assign(fs, {
      [name]: (...args: never[]) => {
        step();
        return wrapped(...args);
      },
    });
  }
  const handle = await fs.promises.open(process.execPath);
  const prototype: Written = Object.getPrototypeOf(handle);
  const { write, sync } = prototype;
  Object.assign(prototype, {
    async write(this: Written, bytes: Uint8Array, offset: number, length: number) {
      if (++count === killAt) {
        await write.call(this, bytes, offset, Math.floor(length / 2));
        die();
      }
      return write.call(this, bytes, offset, length);
    },
    sync(this: Written) {
      step();
      return sync.call(this);
    },
  });
  await handle.close();
  count = 0;
  syncBuiltinESMExports();
  return () => count;
}

async function main(): Promise<void> {
  if (mode === 'tags') {
    const [prefix = '', number = ''] = rest;
    const registry = await open();
    for (let i = 0; i < Number(number); i++) {
      await push(registry, `${prefix}-${i}`, `layer ${prefix} ${i}`);
      fs.writeSync(1, `${prefix}-${i}\n`);
    }
  } else if (mode === 'once') {
    const counted = await countOperations(Number(rest[0]));
    const registry = await open();
    await push(registry, 'new', 'n'.repeat(200_000));
    await push(registry, 'moved', 'm'.repeat(100_000));
    fs.writeSync(1, String(counted()));
  } else if (mode === 'large') {
    const registry = await open();
    // Node ignores this signal; proper-lockfile listens to it, to let go of its locks, and then dies of it.
    process.removeAllListeners('SIGXFSZ').on('SIGXFSZ', () => undefined);
    const body = new Uint8Array(1_000_000);
    const url = `/v2/fred/demo/blobs/uploads/?digest=${sha256(body)}`;
    fs.writeSync(1, String((await registry.fetch(url, { method: 'POST', body })).status));
    await push(registry, 'small', 'small');
  } else {
    const { folderStorage } = await import('../../adapters/registry/folder.ts');
    await folderStorage(folder).updateIndex('fred/demo', () => {
      fs.writeSync(1, 'held\n');
      return new Promise(() => setInterval(() => undefined, 1000));
    });
  }
}

await main();
