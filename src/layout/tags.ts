// The tags under which targets and delegated roles stand in a registry.
import { digestHex } from '../digest-hex.ts';
import { utf8 } from '../encoding.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * The tag of a target's manifest: `<sha256>.<name>`, or with the name's own hash where the name is not of the form of a
 * tag. The name in full stands in the signed metadata and in an annotation.
 *
 * @param hash `<sha256>`, or `sha512-<first 64 hex>` where there is no sha256.
 */
export async function targetTag(hash: string, name: string): Promise<string> {
  return tagOf(`${hash}.`, name, '');
}

/**
 * The tag of a version of a delegated role, which never changes: `<version>.<role>.json`, its TUF name, or with the hash of
 * the role's name where that is not of the form of a tag.
 */
export async function roleTag(version: number, role: string): Promise<string> {
  return tagOf(`${version}.`, role, '.json');
}

async function tagOf(before: string, name: string, after: string): Promise<string> {
  const tag = `${before}${name}${after}`;
  if (TAG.test(tag) && !name.startsWith('_')) return tag;
  return `${before}_${(await digestHex('sha256', utf8(name))).slice(0, 40)}${after}`;
}
