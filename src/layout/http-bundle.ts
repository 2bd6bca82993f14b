// A bundle on a web server, as an export of ours has it: the first refresh is one request, and nothing is asked for that is
// not there. To a page a 404 without CORS headers, which most static hosts send, looks like being offline.
import { DTufError, hasCode } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Descriptor } from '../registry/descriptor.ts';
import { digestOf } from '../registry/digest.ts';
import { Bundle } from './bundle-source.ts';
import type { HttpSite } from './http-site.ts';

/** @throws DTufError METADATA_MISSING, NOT_A_REPOSITORY, ACCESS_DENIED, UNREACHABLE */
export async function httpBundle(
  site: HttpSite,
  bundle: URL,
  signal: AbortSignal | undefined,
): Promise<Bundle> {
  const place = {
    layout: 'http',
    name: site.metadata.href,
    bundle: bundle.href,
    fetch: (layer: Descriptor, name: string) => fetchLayer(site, layer, name, signal),
  } as const;
  const bytes = await ask(site, bundle, site.limits.manifest, signal);
  return new Bundle(place, { bytes }, site.limits);
}

async function fetchLayer(
  site: HttpSite,
  layer: Descriptor,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const bytes = await ask(site, new URL(encodeURIComponent(name), site.metadata), layer.size, signal);
  const got = await digestOf(bytes);
  if (got === layer.digest) return bytes;
  throw new DTufError(
    'DIGEST_MISMATCH',
    `${name} on ${site.metadata.host} is not the file that the bundle names: one of them is older than the other`,
    { expected: layer.digest, got },
  );
}

async function ask(site: HttpSite, url: URL, limit: number, signal: AbortSignal | undefined): Promise<Bytes> {
  const call = {
    method: 'GET',
    url,
    doing: `to fetch ${url.href}`,
    headers: { Accept: 'application/json' },
    cache: 'no-cache',
    signal,
  } as const;
  const answer = await site.transport.ask(call, limit);
  if (answer.status === 200) return answer.bytes;
  const refused = await site.transport.refuse(call, answer);
  if (!hasCode(refused, 'NOT_FOUND')) throw refused;
  throw new DTufError(
    'METADATA_MISSING',
    `there is no ${url.href}: check the address, or ask the publisher`,
    {
      expected: url.href,
      cause: refused,
    },
  );
}
