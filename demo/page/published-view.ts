// Part 1: what the publisher has made.
import { fileOf, readBundle } from './bundle.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp, type Role } from './dtuf.ts';
import { byId, element, foldable } from './elements.ts';
import { bytesInWords, fromNow, shortened } from './words.ts';
import type { World } from './world.ts';

const PARSERS = {
  root: parseRoot,
  targets: parseTargets,
  snapshot: parseSnapshot,
  timestamp: parseTimestamp,
};

/** Where each private key ought to be: what it can do, and how often it is needed. */
const KEPT: Readonly<Record<Role, string>> = {
  root: 'offline',
  targets: 'with the publisher',
  snapshot: 'with the publisher',
  timestamp: 'online',
};

export async function showPublished(world: World): Promise<void> {
  const files = await readBundle(world.registry, world.repository, 'timestamp.json');
  const root = parseRoot(fileOf(files, 'root').bytes).signed;
  const roles = (['root', 'targets', 'snapshot', 'timestamp'] as const).map((role) => {
    const { version, expires } = PARSERS[role](fileOf(files, role).bytes).signed;
    const keyid = root.roles[role].keyids[0] ?? '';
    return row(role, hash(keyid), KEPT[role], `${version}`, fromNow(expires));
  });
  byId('roles').replaceChildren(...roles);
  const { targets } = parseTargets(fileOf(files, 'targets').bytes).signed;
  const listed = [...targets].map(([name, { length, hashes }]) =>
    row(name, bytesInWords(length), hash(hashes['sha256'] ?? '')),
  );
  byId('files').replaceChildren(...listed);
  const written = (['root', 'timestamp', 'snapshot', 'targets'] as const).map((role) => {
    const { name, bytes } = fileOf(files, role);
    const text = JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), undefined, 2);
    return foldable(name, text);
  });
  byId('metadata').replaceChildren(...written);
  byId('root-key').textContent = world.rootKey.trim();
}

function hash(hex: string): HTMLElement {
  return element('code', { title: hex }, shortened(hex));
}

/** Of a table: the first cell names it. */
function row(head: string, ...cells: (string | HTMLElement)[]): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, head),
    ...cells.map((cell) => element('td', {}, cell)),
  );
}
