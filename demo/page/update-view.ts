// Part 3: what a reader is told that was here before the update.
import { announce, byId, element, icon } from './elements.ts';
import { Reader } from './reader.ts';
import { countOf } from './words.ts';
import type { World } from './world.ts';

export async function showUpdate(world: World): Promise<void> {
  const [first] = (await world.releases()).slice(-2);
  const reader = new Reader(world);
  if (first !== undefined) reader.network.asOf(first);
  const names = [world.text, world.data];
  for (const name of names) await reader.pull(name);
  reader.network.free();
  await world.publishUpdate();
  reader.network.answers = 0;
  const changed = await reader.refresh();
  const last = (await world.releases()).at(-1);

  const rows = names.map((name) => {
    const isNamed = changed.includes(name);
    return element(
      'li',
      { 'data-state': isNamed ? 'changed' : 'same' },
      icon(isNamed ? 'update' : 'dash'),
      element('code', {}, name),
      element('span', {}, isNamed ? 'named: it changed' : 'not named, and not fetched again'),
    );
  });
  byId('changed').replaceChildren(...rows);
  const requests = countOf(reader.network.answers, 'request');
  byId('update-summary').textContent =
    `From version ${first} of the timestamp to version ${last}, in ${requests}. pullMetadata() named: ${changed.join(', ') || 'nothing'}.`;
  byId('update').dataset['state'] = 'done';
  byId('update-button').textContent = 'See it again';
  announce(`Updated. Named as changed: ${changed.join(', ')}.`);
}

/** As it stands before. */
/** @param label of the button */
export function forgetUpdate(label: string): void {
  byId('changed').replaceChildren();
  byId('update-summary').textContent = '';
  byId('update-button').textContent = label;
  delete byId('update').dataset['state'];
}
