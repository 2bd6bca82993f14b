// Draws the chain of trust.
import type { CheckedFile, Failed, Link, LinkName, LinkState } from './chain.ts';
import { element, icon } from './elements.ts';
import { countOf } from './words.ts';

const MEANING: Readonly<Record<LinkName, string>> = {
  root: 'names the keys of all roles',
  timestamp: 'says what is newest, and soon expires',
  snapshot: 'lists all versions at one moment',
  targets: 'lists the files with lengths and hashes',
  file: 'what is handed out',
};

const WORDS: Readonly<Record<LinkState, { icon: string; text: string }>> = {
  verified: { icon: 'check', text: 'verified' },
  broken: { icon: 'cross', text: 'refused here' },
  unreached: { icon: 'dash', text: 'not reached' },
};

/** @param open whether the checks that passed are shown from the start. */
export function showChain(chain: HTMLElement, links: readonly Link[], open: boolean): void {
  chain.replaceChildren(...links.map((link) => showLink(link, open)));
}

function showLink({ name, state, files }: Link, open: boolean): HTMLLIElement {
  const words = WORDS[state];
  return element(
    'li',
    { className: 'link', 'data-link': name, 'data-state': state },
    element('span', { className: 'medal' }, icon(words.icon)),
    element(
      'div',
      { className: 'link-text' },
      element('h4', {}, name),
      element('p', { className: 'link-state' }, words.text),
      element('p', { className: 'meaning' }, MEANING[name]),
      ...files.map(({ failed }) => (failed === undefined ? undefined : showFailed(failed))),
      showPassed(files, open),
    ),
  );
}

function showFailed({ clause, what }: Failed): HTMLElement {
  return element('p', { className: 'failed' }, clauseChip(clause), ` ${what}`);
}

function showPassed(files: readonly CheckedFile[], open: boolean): HTMLElement | undefined {
  const passed = files.flatMap((file) => file.passed);
  const names = files.map(({ name }) => name);
  if (passed.length === 0) {
    return names.length === 0 ? undefined : element('p', { className: 'file-name' }, names.join(', '));
  }
  return element(
    'details',
    { className: 'passed', open },
    element('summary', {}, `${countOf(passed.length, 'check')} passed`),
    ...files.flatMap((file) => [
      element('p', { className: 'file-name' }, file.name),
      element(
        'ul',
        { className: 'checks' },
        ...file.passed.map(({ clause, what }) => element('li', {}, clauseChip(clause), ` ${what}`)),
      ),
    ]),
  );
}

function clauseChip(clause: string | undefined): HTMLElement | undefined {
  if (clause === undefined) return undefined;
  return element('span', { className: 'clause', title: `TUF 1.0.34, clause ${clause}` }, clause);
}
