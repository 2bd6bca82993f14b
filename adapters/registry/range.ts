import type { ByteRange } from './storage.ts';

/**
 * What a `Range` header asks for (RFC 9110, 14.1.2).
 *
 * @returns undefined where the header is to be ignored: another unit, several ranges, a syntax that is none.
 *   A range that ends before it begins is refused, as RFC 9110, 14.2, allows: the whole is not what was meant.
 */
export function parseRange(header: string | null, size: number): ByteRange | 'unsatisfiable' | undefined {
  const parts = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  const [first = '', last = ''] = parts?.slice(1) ?? [];
  if (first === '') return last === '' ? undefined : suffix(Number(last), size);
  const start = Number(first);
  if (start >= size || (last !== '' && Number(last) < start)) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (length === 0) return 'unsatisfiable';
  // A suffix of nothing is the whole of it, and no Content-Range can say so.
  return size === 0 ? undefined : { start: Math.max(0, size - length), end: size };
}

/** The `Content-Range: 0-99` of a chunk (distribution-spec, "Pushing a blob in chunks"): no unit, no total. */
export function parseChunkRange(header: string): ByteRange | undefined {
  const parts = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/.exec(header.trim());
  const [first, last] = parts?.slice(1, 3) ?? [];
  const range = { start: Number(first), end: Number(last) + 1 };
  return Number.isSafeInteger(range.end) && range.start < range.end ? range : undefined;
}
