import { DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import type { Call } from './call.ts';
import { resolveOwnLocation } from './redirect.ts';
import { isRepositoryName, isTag } from './reference.ts';
import type { Registry, Repository } from './registry.ts';
import type { Transport } from './transport.ts';

/** More than any registry needs for what a client can go through. */
const mostPages = 10_000;

interface Listing {
  /** Of the first page. */
  readonly path: string;
  readonly field: 'tags' | 'repositories';
  readonly scope: string;
  readonly doing: string;
  /** Names that break the grammar are left out: nothing could be asked for under them. */
  readonly isName: (text: string) => boolean;
}

/** The names of all repositories, where the registry lists them. */
export function listRepositories(registry: Registry, signal?: AbortSignal): AsyncIterable<string> {
  const listing = {
    path: '/v2/_catalog',
    field: 'repositories',
    scope: 'registry:catalog:*',
    doing: 'to list the repositories',
    isName: isRepositoryName,
  } as const;
  return list(registry.transport, listing, signal);
}

/** All tags of a repository. @throws DTufError NOT_FOUND where there is no such repository. */
export function listTags(repository: Repository, signal?: AbortSignal): AsyncIterable<string> {
  const { transport, name } = repository;
  const listing = {
    path: `/v2/${name}/tags/list`,
    field: 'tags',
    scope: `repository:${name}:pull`,
    doing: `to list the tags of ${name}`,
    isName: isTag,
  } as const;
  return list(transport, listing, signal);
}

/**
 * The names in a list that comes in pages (distribution-spec v1.1, "Content Discovery"; RFC 8288 Link).
 *
 * A page of the web sees the first page only, unless the registry exposes Link.
 *
 * @throws DTufError NOT_FOUND, LIMIT_EXCEEDED, REGISTRY_FAILED
 */
async function* list(
  transport: Transport,
  listing: Listing,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const seen = new Set<string>();
  let url: URL | undefined = new URL(listing.path, transport.registry);
  while (url) {
    if (seen.has(url.href) || seen.size >= mostPages) {
      throw new DTufError(
        'REGISTRY_FAILED',
        `${transport.registry.host} sends a list without end: given up.`,
        {
          expected: `at most ${mostPages} different pages`,
        },
      );
    }
    seen.add(url.href);
    const { doing, scope } = listing;
    const call: Call = { method: 'GET', url, doing, scope, cache: 'no-cache', signal };
    const answer = await transport.ask(call, transport.limits.list);
    if (answer.status !== 200) throw await transport.refuse(call, answer);
    yield* names(answer.bytes, listing);
    url = nextPage(answer.headers.get('link'), url, transport.registry);
  }
}

function names(bytes: Uint8Array, { field, isName, doing }: Listing): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DTufError('REGISTRY_FAILED', `Failed ${doing}: the answer is not JSON.`, { cause });
  }
  const entries = isObject(value) ? (value[field] ?? []) : undefined;
  if (!Array.isArray(entries)) {
    throw new DTufError('REGISTRY_FAILED', `Failed ${doing}: the answer has no list of ${field}.`);
  }
  return entries.filter((entry: unknown): entry is string => typeof entry === 'string' && isName(entry));
}

function nextPage(link: string | null, from: URL, registry: URL): URL | undefined {
  const target = /<([^>]*)>\s*;[^,<]*\brel="?next"?/i.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = resolveOwnLocation(target, from);
  if (url.origin === registry.origin) return url;
  throw new DTufError('REGISTRY_FAILED', 'The next page of a list is on another host: refused.', {
    expected: registry.origin,
    got: url.origin,
  });
}
