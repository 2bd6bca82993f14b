// What somebody sees of an attack who knows nothing of all this, and presses a button.
import { type Attack, sceneOf } from './attacks/attack.ts';
import { byId, element } from './elements.ts';
import { answerInPage, newAddress } from './in-page-address.ts';
import { Reader } from './reader.ts';
import type { World } from './world.ts';

/** Puts a <dtuf-download> before the same attacker, with the memory of a reader that has met it. */
export async function showToPerson(attack: Attack, world: World): Promise<void> {
  const place = byId('outcome').querySelector('.person');
  if (place === null || byId('outcome').dataset['attack'] !== attack.id) return;
  if (attack.takesTime) {
    place.append(
      element(
        'p',
        {},
        'Until the timestamp expires by the clock of this device, ',
        element('code', {}, '<dtuf-download>'),
        ' goes on with what it knows.',
      ),
    );
    return;
  }
  const address = await newAddress();
  const reader = new Reader(world, address);
  answerInPage(address, { fetch: reader.network.fetch, rootKey: world.rootKey });
  const scene = await sceneOf(world, reader, () => undefined);
  // That it is refused was shown already; here it is for what the attacker does from now on.
  await attack.run(scene).catch(() => undefined);
  const download = element('dtuf-download', {}, 'Download');
  download.host = address;
  download.repository = world.repository;
  download.target = attack.wanted === 'data' ? world.data : world.text;
  download.trust = `${address}/root_key.pub`;
  place.append(
    element('p', {}, 'The same attacker, before a ', element('code', {}, '<dtuf-download>'), '. Press it.'),
    download,
  );
}
