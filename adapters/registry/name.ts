/**
 * The names that a request may hold, by the grammar of the OCI distribution specification 1.1
 * ("Pulling manifests"), judged before any storage is touched.
 */

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryName = new RegExp(`^${component}(?:/${component})*$`);
const tagName = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const sha256 = /^sha256:[0-9a-f]{64}$/;

/** Legal names that an OCI image layout needs for itself: a repository `a/blobs` would lie inside that of `a`. */
const reserved = new Set(['blobs', 'index.json', 'oci-layout']);

export type Digest = `sha256:${string}`;

export function isRepositoryName(name: string): boolean {
  // The length is judged first: the pattern would walk through a name of any length.
  if (name.length === 0 || name.length > 255 || !repositoryName.test(name)) return false;
  return !name.split('/').some((part) => reserved.has(part));
}

export function isTag(text: string): boolean {
  return tagName.test(text);
}

export function isDigest(text: string): text is Digest {
  return sha256.test(text);
}
