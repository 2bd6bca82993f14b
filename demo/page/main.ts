// The page of the demo: tells the story in a registry of its own, or in the one that `npm run demo` has filled.
import { DTufDownloadElement } from '../../adapters/browser/download-element.ts';
import { type Attack, carryOut } from './attacks/attack.ts';
import { attacks } from './attacks/index.ts';
import { showDownloads } from './downloads-view.ts';
import { announce, byId, element, foldable, icon } from './elements.ts';
import { answerInPage, newAddress } from './in-page-address.ts';
import { inPageWorld } from './in-page-world.ts';
import publisherCode from './in-page-world.ts?raw';
import { showOutcome } from './outcome-view.ts';
import { showToPerson } from './person-view.ts';
import { showPublished } from './published-view.ts';
import readerCode from './reader.ts?raw';
import { servedWorld } from './served-world.ts';
import { forgetUpdate, showUpdate } from './update-view.ts';
import type { World } from './world.ts';

/** One thing after the other, however quickly somebody clicks. */
let story: Promise<unknown> = Promise.resolve();
let world: World;
/** Where `npm run demo` serves the page. */
let served: World | undefined;
let updated = false;

function next(work: () => Promise<void>): Promise<void> {
  document.body.dataset['busy'] = 'true';
  const done = story.then(work).catch(showFailure);
  story = done;
  return done.finally(() => {
    if (story === done) document.body.dataset['busy'] = 'false';
  });
}

async function begin(in_: World): Promise<void> {
  world = in_;
  updated = false;
  document.body.dataset['world'] = in_ === served ? 'served' : 'in-page';
  forgetUpdate(in_ === served ? 'Refresh that reader' : 'Publish release 2');
  byId('outcome').replaceChildren(
    element('p', { className: 'empty' }, 'Pick an attack. It is carried out at once.'),
  );
  delete byId('outcome').dataset['attack'];
  delete byId('outcome').dataset['state'];
  mark(null);
  await showPublished(in_);
  await showDownloads(in_);
}

async function update(): Promise<void> {
  await showUpdate(world);
  updated = true;
  await showPublished(world);
  await showDownloads(world);
}

async function attackWith(attack: Attack): Promise<void> {
  const button = document.querySelector<HTMLElement>(`.attack[data-attack="${attack.id}"]`);
  announce(`${attack.title}: under way.`);
  if (!updated) await update();
  mark(button);
  // An attack can be linked to.
  history.replaceState(null, '', `#${attack.id}`);
  showOutcome(await carryOut(attack, world));
  void next(() => showToPerson(attack, world));
  // On a narrow page the outcome is below what was clicked.
  const { top } = byId('outcome').getBoundingClientRect();
  if (top > innerHeight * 0.6) byId('outcome').scrollIntoView({ block: 'start' });
}

function mark(chosen: HTMLElement | null): void {
  for (const button of document.querySelectorAll('.attack')) {
    button.setAttribute('aria-pressed', String(button === chosen));
  }
}

function showAttacks(): void {
  const items = attacks.map((attack) => {
    const button = element(
      'button',
      { type: 'button', className: 'attack', 'data-attack': attack.id, 'aria-pressed': 'false' },
      icon(attack.id),
      element('span', { className: 'attack-title' }, attack.title),
      element('span', { className: 'attack-text' }, attack.invitation),
    );
    button.addEventListener('click', () => void next(() => attackWith(attack)));
    return element('li', {}, button);
  });
  byId('attacks').replaceChildren(...items);
}

/** Where two registries are at hand, the reader of the page chooses. */
function showChoice(worlds: readonly World[]): void {
  const choices = worlds.map((one, i) => {
    const radio = element('input', { type: 'radio', name: 'world', value: `${i}`, checked: i === 0 });
    radio.addEventListener('change', () => void next(() => begin(one)));
    const text = i === 0 ? `${new URL(one.host).host}, filled by the dtuf command` : 'within this page';
    return element('label', {}, radio, element('span', {}, text));
  });
  byId('choice').append(...choices);
  byId('choice').hidden = false;
}

function showFailure(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  byId('failure').textContent = `This did not work: ${text}`;
  byId('failure').hidden = false;
  announce(`This did not work: ${text}`);
}

async function start(): Promise<void> {
  byId('not-started').remove();
  if (!isSecureContext)
    throw new Error(
      'browsers verify nothing for pages over plain http: open it over https, or from localhost',
    );
  const address = await newAddress();
  const inPage = await inPageWorld(address);
  answerInPage(address, { fetch: inPage.registry.fetch, rootKey: inPage.rootKey });
  served = await servedWorld();
  if (served !== undefined) showChoice([served, inPage]);
  await begin(served ?? inPage);
  const linked = attacks.find(({ id }) => id === location.hash.slice(1));
  if (linked !== undefined) await attackWith(linked);
}

// As `dtuf/element` does, which is built from the same.
customElements.define('dtuf-download', DTufDownloadElement);
byId('update-button').addEventListener('click', () => void next(update));
showAttacks();
byId('publisher-code').append(foldable('The code of this publisher', publisherCode));
byId('reader-code').append(foldable('The code of this reader', readerCode));
void next(start);
