/** The entity tag of content that is addressed by its digest. */
export function entityTag(digest: string): string {
  return `"${digest}"`;
}

/** Whether `If-None-Match` names the content (RFC 9110, 13.1.2: weak comparison). */
export function isUnchanged(header: string | null, digest: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === entityTag(digest));
}

/** Whether a `Range` counts (RFC 9110, 13.1.5: strong comparison; a date is never ours). */
export function rangeApplies(ifRange: string | null, digest: string): boolean {
  return ifRange === null || ifRange.trim() === entityTag(digest);
}
