// Part 4: what came of an attack.
import type { Happening, Outcome } from './attacks/attack.ts';
import { chainOf } from './chain.ts';
import { showChain } from './chain-view.ts';
import type { DTufError } from './dtuf.ts';
import { announce, byId, element, foldable, icon, scrollable } from './elements.ts';
import { bytesInWords, shortened } from './words.ts';

const WHO: Readonly<Record<Happening['who'], string>> = {
  reader: 'The reader',
  attacker: 'The attacker',
  time: 'Time',
};

/** Longer files are no reading. */
const READABLE = 2000;

export function showOutcome(outcome: Outcome): void {
  const { attack, refusal, happenings, checks, handedOut } = outcome;
  const place = byId('outcome');
  place.dataset['attack'] = attack.id;
  place.dataset['state'] = refusal === undefined ? 'succeeded' : 'refused';
  const chain = element('ol', { className: 'chain' });
  const found = handedOut && { name: outcome.wanted, length: handedOut.length, hashes: {} };
  showChain(chain, chainOf({ checks, refusal, found }), false);
  place.replaceChildren(
    verdict(outcome),
    chain,
    element(
      'div',
      { className: 'sides' },
      side('What happened', element('ol', { className: 'happenings' }, ...happenings.map(showHappening))),
      side(
        'What refused it',
        refusal === undefined ? element('p', {}, 'Nothing did.') : showProof(outcome, refusal),
      ),
      side('Without verification', ...showTaken(outcome)),
      side(
        'The aim, and what remains',
        element('p', {}, attack.aim),
        element('p', { className: 'remains' }, element('strong', {}, 'What remains: '), attack.remains),
      ),
      element('section', { className: 'side person' }, element('h4', {}, 'What a person sees')),
    ),
    foldable('The code of this attack, as it just ran', attack.source),
  );
  announce(inWords(outcome));
}

function inWords({ attack, refusal }: Outcome): string {
  if (refusal === undefined) return `${attack.title}: not refused.`;
  const { code, clause, expected, got } = refusal;
  return `${attack.title}: refused. ${code}, TUF clause ${clause}. Expected ${expected}, got ${got}.`;
}

function verdict({ attack, refusal, handedOut }: Outcome): HTMLElement {
  const refused = refusal !== undefined;
  return element(
    'div',
    { className: 'verdict' },
    element('span', { className: 'seal' }, icon(refused ? 'shield' : 'cross')),
    element(
      'div',
      {},
      element(
        'h3',
        { id: 'outcome-title', tabIndex: -1 },
        `${attack.title}: ${refused ? 'refused' : 'not refused'}`,
      ),
      element('p', {}, refused ? readable(refusal) : `The reader took ${handedOut?.length} bytes.`),
    ),
  );
}

/** As a sentence. The hashes stand below in full. */
function readable({ message, target }: DTufError): string {
  const text = message.replace(/[0-9a-f]{64}/g, shortened);
  // The name of a file is left as it is.
  return target === undefined ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function side(title: string, ...content: Node[]): HTMLElement {
  return element('section', { className: 'side' }, element('h4', {}, title), ...content);
}

function showHappening({ who, what, asked }: Happening): HTMLElement {
  return element(
    'li',
    { 'data-who': who },
    element('p', {}, element('strong', {}, WHO[who]), ` ${what}.`),
    asked === undefined
      ? undefined
      : element('code', { title: asked }, asked.replace(/[0-9a-f]{64}/g, shortened)),
  );
}

function showProof({ checks, handedOut }: Outcome, refusal: DTufError): HTMLElement {
  const check = checks.findLast(({ ok, clause }) => !ok && clause === refusal.clause);
  return element(
    'dl',
    { className: 'proof' },
    ...entry('code', refusal.code),
    ...entry('TUF clause', refusal.clause),
    ...entry('file', check?.file ?? refusal.target),
    ...entry('check', check?.what),
    ...entry('expected', refusal.expected),
    ...entry('got', refusal.got),
    ...entry('handed out', handedOut === undefined ? 'nothing' : bytesInWords(handedOut.length)),
  );
}

function entry(name: string, value: string | undefined): Node[] {
  if (value === undefined) return [];
  return [element('dt', {}, name), element('dd', {}, value)];
}

function showTaken({ taken, genuine, wanted }: Outcome): Node[] {
  const length = bytesInWords(taken.bytes.length);
  if (taken.endless) {
    return [
      element(
        'p',
        {},
        `A plain fetch of ${wanted} had taken ${length} when this page ended it. More was still coming.`,
      ),
    ];
  }
  if (taken.bytes.length > READABLE)
    return [element('p', {}, `A plain fetch took ${length} without a word.`)];
  const known = new Set(linesOf(genuine));
  const lines = linesOf(taken.bytes).map((line) =>
    known.has(line) ? `${line}\n` : element('mark', {}, `${line}\n`),
  );
  return [
    element(
      'p',
      {},
      `A plain fetch took this ${wanted} without a word. Marked is what differs from the newest release.`,
    ),
    scrollable(`${wanted} as a plain fetch took it`, ...lines),
  ];
}

function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).trimEnd().split('\n');
}
