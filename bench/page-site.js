// A site for bench/page.js: an empty page, the module, and a plain TUF repository with one large target, as fast as a link.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import {
  generateKeyPair,
  keyidOf,
  rootToSign,
  signerOf,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../dist/tuf.js';

const MiB = 1024 * 1024;
/** Bytes a second. */
const GIGABIT = 125_000_000;
const script = readFileSync(fileURLToPath(new URL('../dist/dtuf.min.js', import.meta.url)));
const PAGE =
  '<!doctype html><title>bench</title><script type="module">import * as dtuf from "/dtuf.min.js"; globalThis.dtuf = dtuf;</script>';
/** The target is this, again and again: nobody holds it whole. */
const BLOCK = Buffer.alloc(
  MiB,
  Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 2654435761) >>> 24)),
);

/** @param size of the target, in MiB. */
export async function startSite(size) {
  const { files, digest } = await sign(size);
  const large = `/targets/${digest}.large`;
  const server = createServer((request, response) => {
    const { url } = request;
    if (url === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    if (url === '/dtuf.min.js')
      return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    if (url === large) return void send(request, response, size * MiB);
    const file = files.get(url);
    response.writeHead(file ? 200 : 404).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${server.address().port}`;
  return {
    origin,
    large,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function sign(size) {
  const hash = createHash('sha256');
  for (let i = 0; i < size; i++) hash.update(BLOCK);
  const digest = hash.digest('hex');
  const signer = await signerOf((await generateKeyPair('ed25519')).pkcs8);
  const keyid = await keyidOf(signer.key);
  const keys = new Map([[keyid, signer.key]]);
  const validity = { version: 1, expires: new Date(Date.now() + 24 * 60 * 60 * 1000) };
  const written = (signed) => signMetadata(signed, [{ keyid, signer }]);
  const targets = new Map([['large', { length: size * MiB, hashes: { sha256: digest } }]]);
  const root = rootToSign(validity, { root: keys, targets: keys, snapshot: keys, timestamp: keys }, {});
  const snapshot = await written(snapshotToSign(validity, new Map([['targets.json', { version: 1 }]])));
  const files = new Map([
    ['/metadata/1.root.json', await written(root)],
    ['/metadata/1.targets.json', await written(targetsToSign(validity, targets))],
    ['/metadata/1.snapshot.json', snapshot],
    ['/metadata/timestamp.json', await written(await timestampToSign(validity, 1, snapshot))],
  ]);
  return { files, digest };
}

/** When the link is free again: all connections share it. */
let free = 0;

/** No faster than the link, and no faster than the reader takes it. */
async function send(request, response, length) {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')?.map(Number) ?? [];
  const [start, end] = first === undefined ? [0, length] : [first, last + 1];
  response.writeHead(first === undefined ? 200 : 206, {
    'Content-Length': end - start,
    ...(first === undefined ? {} : { 'Content-Range': `bytes ${start}-${last}/${length}` }),
  });
  const closed = once(response, 'close');
  for (let at = start; at < end && !response.destroyed; ) {
    const slice = BLOCK.subarray(at % MiB, Math.min((at % MiB) + 256 * 1024, (at % MiB) + end - at, MiB));
    at += slice.length;
    const now = performance.now();
    free = Math.max(free, now - 20) + (slice.length / GIGABIT) * 1000;
    if (!response.write(slice)) await Promise.race([once(response, 'drain'), closed]);
    if (free - now > 4) await new Promise((resolve) => setTimeout(resolve, free - now));
  }
  response.end();
}
