// A site for bench/page.js: an empty page, the module, and a plain TUF repository with one large target, as fast as a link.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
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
const PAGE = '<!doctype html><title>bench</title><script type="module" src="/work.js"></script>';
/** Does what it is told, and begins as a new page after each. */
const WORK = `
import * as dtuf from '/dtuf.min.js';
globalThis.dtuf = dtuf;
const work = { settle: () => new Promise((resolve) => setTimeout(resolve, 2000)) };
`;
const LOOP = `
for (let name = ''; name !== 'save'; ) {
  const told = await (await fetch('/next')).json();
  name = told.name;
  const result = await work[name](...told.args).catch((error) => ({ failed: String(error) }));
  await fetch('/done', { method: 'POST', body: JSON.stringify(result ?? null) });
}
location.reload();
`;
/** The target is this, again and again: nobody holds it whole. */
const BLOCK = Buffer.alloc(
  MiB,
  Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 2654435761) >>> 24)),
);

/**
 * @param size of the target, in MiB.
 * @param functions what the page can be told to do.
 */
export async function startSite(size, functions) {
  const code = functions.map((one) => `${one}\nwork.${one.name} = ${one.name};\n`);
  const { files, digest } = await sign(size);
  const large = `/targets/${digest}.large`;
  /** The answer that a page waits for which has nothing to do. */
  const free = [];
  let done;
  const server = createServer((request, response) => {
    const { url } = request;
    if (url === '/') return response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    if (url === '/dtuf.min.js')
      return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    if (url === '/work.js')
      return response
        .writeHead(200, { 'Content-Type': 'text/javascript' })
        .end(`${WORK}${code.join('')}${LOOP}`);
    if (url === '/next') return void free.push(response);
    if (url === '/done') {
      response.end();
      return void text(request).then((body) => done?.(JSON.parse(body)));
    }
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
    /** Has the page do something. */
    async run(name, ...args) {
      while (free.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      const result = new Promise((resolve) => {
        done = resolve;
      });
      free.shift().end(JSON.stringify({ name, args }));
      const told = await result;
      if (told?.failed !== undefined) throw new Error(told.failed);
      return told;
    },
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
let linkFree = 0;

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
    linkFree = Math.max(linkFree, now - 20) + (slice.length / GIGABIT) * 1000;
    if (!response.write(slice)) await Promise.race([once(response, 'drain'), closed]);
    if (linkFree - now > 4) await new Promise((resolve) => setTimeout(resolve, linkFree - now));
  }
  response.end();
}
