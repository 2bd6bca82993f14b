import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { RegistryLayout } from '../layout/layout.ts';

const LONGEST = 4096;

/**
 * Refuses names under which a target cannot be published: those of metadata files, those that begin like a consistent name
 * (a hash and a dot), and those that no client could keep safely in a folder.
 *
 * @throws DTufError TARGET_RESERVED
 */
export function checkTargetName(name: string, layout: RegistryLayout): void {
  const refuse = (why: string) => {
    throw new DTufError(
      'TARGET_RESERVED',
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a target: ${why}`,
      { target: name },
    );
  };
  if (name === '') refuse('it is empty');
  if (utf8(name).length > LONGEST) refuse(`it is longer than ${LONGEST} bytes`);
  if (/[\ud800-\udfff]/u.test(name)) refuse('it has half a surrogate pair');
  if (/\p{Cc}/u.test(name)) refuse('it has control characters');
  if (/^(?:[0-9a-f]{64}|sha512-[0-9a-f]{64}|[0-9a-f]{128})\./.test(name))
    refuse('it begins with a hash and a dot, as consistent names do');
  // A backslash is a slash to some servers and systems.
  if (name.split(/[/\\]/).some((segment) => segment === '' || segment === '.' || segment === '..'))
    refuse('it has an empty segment, "." or ".."');
  if (/^(?:\d+\.)?(?:root|targets|snapshot|timestamp)\.json$/.test(name))
    refuse('metadata files have such names');
  if (layout === 'legacy') checkLegacyName(name, refuse);
}

/** python-dtuf keeps a file of the target's name in one folder, and takes more names for those of metadata. */
function checkLegacyName(name: string, refuse: (why: string) => void): void {
  if (/(?:root|targets|snapshot|timestamp)\.json$/.test(name))
    refuse('python-dtuf keeps names with such an end for metadata');
  if (/[/\\:]/.test(name) || utf8(name).length > 180)
    refuse('python-dtuf keeps a file of this name in one folder');
}
