/** end-8 and distribution's `_catalog`: lists in pages. */
import { json, refuse } from './answer.ts';
import type { Asked } from './request.ts';
import type { RegistryStorage } from './storage.ts';
import { listTags } from './tags.ts';

/** Entries of a page where none, or more, are asked for: an answer has a bound. */
const pageSize = 1000;

interface Page {
  readonly entries: readonly string[];
  readonly headers: Record<string, string>;
}

export async function getCatalog(storage: RegistryStorage, asked: Asked): Promise<Response> {
  const page = pageOf(asked, [...(await storage.repositories())].sort());
  return page ? json(200, { repositories: page.entries }, page.headers) : wrongNumber();
}

export async function getTags(storage: RegistryStorage, asked: Asked, repository: string): Promise<Response> {
  const index = await storage.readIndex(repository);
  if (!index) return refuse(404, 'NAME_UNKNOWN', `there is no repository ${repository}`);
  const page = pageOf(asked, listTags(index));
  return page ? json(200, { name: repository, tags: page.entries }, page.headers) : wrongNumber();
}

function wrongNumber(): Response {
  return refuse(400, 'PAGINATION_NUMBER_INVALID', 'n must be a whole number from 0 on');
}

/** @param sorted in code unit order, so that `last` need not be an entry that still exists. */
function pageOf(asked: Asked, sorted: readonly string[]): Page | undefined {
  const n = asked.query.get('n');
  const last = asked.query.get('last') ?? '';
  if (n !== null && !/^\d+$/.test(n)) return undefined;
  const size = Math.min(Number(n ?? pageSize), pageSize);
  const rest = sorted.filter((entry) => entry > last);
  const entries = rest.slice(0, size);
  const next = entries.at(-1);
  if (rest.length <= size || next === undefined) return { entries, headers: {} };
  const query = new URLSearchParams({ last: next, n: String(size) });
  return { entries, headers: { Link: `<${asked.path}?${query}>; rel="next"` } };
}
