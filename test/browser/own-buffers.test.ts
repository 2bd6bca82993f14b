import { expect, it } from 'vitest';
import { inOwnBuffers, letGo } from '../../adapters/browser/own-buffers.ts';
import { readAll } from '../../src/content/read-all.ts';
import { randomBytes } from './storage.ts';

const MiB = 1024 * 1024;
const data = randomBytes(3 * MiB);

async function fetched(): Promise<Response> {
  const url = URL.createObjectURL(new Blob([data]));
  try {
    return inOwnBuffers(await fetch(url));
  } finally {
    URL.revokeObjectURL(url);
  }
}

const isSame = (got: Uint8Array) => got.length === data.length && got.every((byte, i) => byte === data[i]);

async function readWith(each: (chunk: Uint8Array) => void): Promise<ReadonlySet<ArrayBufferLike>> {
  const { body } = await fetched();
  const buffers = new Set<ArrayBufferLike>();
  const reader = body?.getReader();
  for (let step = await reader?.read(); step?.value; step = await reader?.read()) {
    buffers.add(step.value.buffer);
    each(step.value);
  }
  return buffers;
}

it('whoever keeps chunks has them as they came', async () => {
  const { body } = await fetched();
  expect(body && isSame(await readAll(body, data.length, 'the data'))).toBe(true);
});

it('a chunk that is let go makes room for another, and nothing is lost', async () => {
  const copy = new Uint8Array(data.length);
  let at = 0;
  let most = 0;
  await readWith((chunk) => {
    copy.set(chunk, at);
    at += chunk.length;
    most = Math.max(most, chunk.length);
    letGo(chunk);
    letGo(chunk);
  });
  expect(isSame(copy)).toBe(true);
  expect(most).toBeGreaterThan(128 * 1024);
});

it('a part of a chunk is not let go, since others may have the rest', async () => {
  const chunks: Uint8Array[] = [];
  await readWith((chunk) => {
    chunks.push(chunk);
    letGo(chunk.subarray(1));
    letGo(new Uint8Array(chunk));
  });
  expect(
    isSame(new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer())),
  ).toBe(true);
});

it('the answer is told by its address and type as before', async () => {
  const response = await fetched();
  expect(response).toMatchObject({ ok: true, type: 'basic', status: 200 });
  expect(response.url).toMatch(/^blob:/);
  const opaque = new Response(null, { status: 204 });
  expect(inOwnBuffers(opaque)).toBe(opaque);
});
