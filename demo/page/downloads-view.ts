// Part 2: what the reader verifies, and files to be saved.
import { chainOf } from './chain.ts';
import { showChain } from './chain-view.ts';
import type { VerifiedTarget } from './dtuf.ts';
import { byId, element } from './elements.ts';
import { Reader } from './reader.ts';
import { bytesInWords, countOf } from './words.ts';
import type { World } from './world.ts';

export async function showDownloads(world: World): Promise<void> {
  const reader = new Reader(world);
  const started = performance.now();
  await reader.pull(world.text);
  const time = Math.max(1, Math.round(performance.now() - started));
  const { checks, found, network } = reader;
  const answers = network.answers;
  const wide = matchMedia('(min-width: 62rem)').matches;
  showChain(byId('chain'), chainOf({ checks, refusal: undefined, found }), wide);
  byId('chain-summary').textContent =
    `${countOf(checks.length, 'check')} and the hash of ${world.text}, in ${time} ms and ${countOf(answers, 'request')}.`;
  const text = found;
  await reader.pull(world.data);
  const release = (await world.releases()).at(-1) ?? 0;
  const rows = [text, reader.found].flatMap((target) => (target ? [showTarget(world, target, release)] : []));
  byId('targets').replaceChildren(...rows);
}

function showTarget(world: World, target: VerifiedTarget, release: number): HTMLElement {
  const download = element('dtuf-download', {}, 'Download');
  download.host = world.host;
  download.repository = world.repository;
  download.target = target.name;
  // Elements with one address of trust share one refresh for a minute: a new release is asked for anew.
  download.trust = `${world.rootKeyAddress}?release=${release}`;
  return element(
    'li',
    { className: 'target' },
    element(
      'div',
      { className: 'target-text' },
      element('h4', {}, target.name),
      element('p', { className: 'size' }, bytesInWords(target.length)),
      element('p', { className: 'hash' }, `sha256 ${target.hashes['sha256']}`),
    ),
    download,
  );
}
