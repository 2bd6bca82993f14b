// A registry under an address, without a server: `fetch` leads to the embedded registry, and tests can tamper on the way.
import { vi } from 'vitest';
import { type EmbeddedRegistry, embeddedRegistry } from '../../adapters/registry/index.ts';

export interface RegistryInPage {
  readonly address: string;
  readonly registry: EmbeddedRegistry;
  /** Changes every blob on its way to the page. */
  tamper(change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void;
  /** The addresses that were asked for, in order. */
  readonly asked: readonly string[];
  /** Answers under further addresses. */
  serve(address: string, text: string): void;
}

export function registryInPage(): RegistryInPage {
  const registry = embeddedRegistry();
  const address = `https://${crypto.randomUUID()}.example`;
  const asked: string[] = [];
  const served = new Map<string, string>();
  let change: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) | undefined;
  const before = globalThis.fetch;
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    const text = served.get(url);
    if (text !== undefined) return new Response(text);
    if (!url.startsWith(address)) return before(input, init);
    asked.push(url);
    const answer = await registry.fetch(input, init);
    if (change === undefined || !url.includes('/blobs/')) return answer;
    const bytes = change(new Uint8Array(await answer.arrayBuffer()));
    return new Response(bytes, { status: answer.status, headers: { 'Content-Length': `${bytes.length}` } });
  });
  return {
    address,
    registry,
    asked,
    tamper(how) {
      change = how;
    },
    serve: (url, answer) => void served.set(url, answer),
  };
}

/** The same length, another first byte. */
export function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const other = bytes.slice();
  other[0] = (other[0] ?? 0) ^ 1;
  return other;
}
