// Changes of `signed` before it is signed, for what the repository builder has no words for.
import type { Members, RoleOptions } from '../tuf/repository.ts';

/** The members that are changed here. */
interface Shape {
  keys: { [keyid: string]: Members };
  roles: { [role: string]: Members & { keyids: string[]; threshold: number } };
  meta: { [file: string]: { version: number; length?: number; hashes?: { sha256: string } } };
}

type Edit = (signed: Members & Shape) => void;

/** The option of a role that makes the change. */
export function edit(change: Edit): Pick<RoleOptions, 'signed'> {
  return {
    signed: (members) => {
      const copy = structuredClone(members) as Members & Shape;
      change(copy);
      return copy;
    },
  };
}

/** Leaves lengths and hashes out of a timestamp or snapshot: only versions are vouched for (4.4, 4.6). */
export const versionsOnly = edit(({ meta }) => {
  for (const [file, { version }] of Object.entries(meta)) meta[file] = { version };
});
