import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes, Files } from '../ports.ts';
import { Transport } from '../registry/transport.ts';

/** A trusted root.json, or a root public key in PEM; as bytes or text, or where to fetch it from. */
export type Trust = Uint8Array | string | URL;

/** Trust that was read. */
export type ReadTrust = { readonly root: Bytes } | { readonly pem: string };

interface Reading {
  readonly files: Files | undefined;
  readonly limits: Limits;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal | undefined;
}

/** @throws DTufError UNREACHABLE, TIMED_OUT, ABORTED, REGISTRY_FAILED, NOT_SUPPORTED, INVALID_ARGUMENT, LIMIT_EXCEEDED */
export async function readTrust(trust: Trust, reading: Reading): Promise<ReadTrust> {
  const bytes = await trustBytes(trust, reading);
  const text = new TextDecoder().decode(bytes);
  // A root.json holds keys in PEM, too.
  const isPem = text.includes('-----BEGIN') && !text.trimStart().startsWith('{');
  return isPem ? { pem: text } : { root: bytes };
}

async function trustBytes(trust: Trust, reading: Reading): Promise<Bytes> {
  // A text is the root or key itself: it is never taken for an address.
  if (typeof trust === 'string') return utf8(trust);
  if (trust instanceof Uint8Array) return new Uint8Array(trust);
  const { files, limits } = reading;
  if (trust.protocol === 'file:' && files !== undefined) return files.readSmall(trust, limits.root);
  return fetchTrust(trust, reading);
}

/** By the transport, for its bounds: of time, of size, of redirects, and never from https to http. */
async function fetchTrust(trust: URL, { fetch, limits, signal }: Reading): Promise<Bytes> {
  if (trust.username !== '' || trust.password !== '') {
    const message = `The address of the trusted root, at ${trust.host}, has a login in it, which is not sent.`;
    throw new DTufError('INVALID_ARGUMENT', message);
  }
  const transport = new Transport({ registry: trust, fetch, limits });
  const call = { method: 'GET', url: trust, doing: 'to fetch the trusted root', signal } as const;
  const { status, bytes } = await transport.ask(call, limits.root);
  if (status === 200) return bytes;
  // A query may be as good as a password.
  const place = `${trust.protocol}//${trust.host}${trust.pathname}`;
  throw new DTufError(
    'UNREACHABLE',
    `the trusted root could not be fetched from ${place}: the answer was ${status}`,
    { got: String(status) },
  );
}
