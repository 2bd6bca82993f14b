import type { Progress } from '../../src/options.ts';

// Shapes in place of images, which a strict policy refuses (img-src).
const STYLE = `
:host { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0.5em 0.75em; vertical-align: middle; }
:host([hidden]), [hidden] { display: none; }
button {
  display: inline-flex; align-items: center; gap: 0.6em; padding: 0.6em 1.1em;
  border: 1px solid transparent; border-radius: 0.6em; font: inherit; font-weight: 600; line-height: 1.2;
  color: #fff; background: #1d5bbf; color: light-dark(#fff, #08203f); background: light-dark(#1d5bbf, #8db9ff);
  cursor: pointer; touch-action: manipulation;
}
button:hover { filter: brightness(1.12); }
button:focus-visible { outline: 3px solid #6aa0ff; outline: 3px solid light-dark(#6aa0ff, #fff); outline-offset: 2px; }
button[aria-disabled='true'] { cursor: progress; opacity: 0.65; filter: none; }
progress { inline-size: 9em; accent-color: #1d5bbf; accent-color: light-dark(#1d5bbf, #8db9ff); }
[part='status'] { display: inline-flex; align-items: baseline; gap: 0.45em; max-inline-size: 60ch; overflow-wrap: anywhere; }
[part='status']:empty { display: none; }
.icon, :host([state='saved']) [part='status']::before, :host([state='refused']) [part='status']::before {
  content: ''; flex: none; inline-size: 0.85em; block-size: 0.85em; background: currentColor; forced-color-adjust: none;
}
.icon { clip-path: polygon(38% 0, 62% 0, 62% 42%, 85% 42%, 50% 78%, 15% 42%, 38% 42%, 38% 0, 38% 88%, 0 88%, 0 100%, 100% 100%, 100% 88%, 38% 88%); }
:host([state='saved']) [part='status'], :host([state='verified']) [part='status'] { color: #12652b; color: light-dark(#12652b, #7fe09b); }
:host([state='saved']) [part='status']::before { clip-path: polygon(0 55%, 14% 41%, 38% 65%, 86% 12%, 100% 26%, 38% 93%); }
:host([state='refused']) [part='status'] { color: #ad1f17; color: light-dark(#ad1f17, #ffa79f); }
:host([state='refused']) [part='status']::before { clip-path: polygon(15% 0, 50% 35%, 85% 0, 100% 15%, 65% 50%, 100% 85%, 85% 100%, 50% 65%, 15% 100%, 0 85%, 35% 50%, 0 15%); }
@media (forced-colors: active) {
  .icon { background: ButtonText; }
  :host([state='saved']) [part='status']::before, :host([state='refused']) [part='status']::before { background: CanvasText; }
}
@media (prefers-reduced-motion: reduce) { progress:not([value]) { display: none; } }
`;

/**
 * What a download looks like. Made node by node and styled by an adopted sheet: neither a strict Content Security Policy
 * nor Trusted Types stand against it.
 */
export class DownloadView {
  readonly #button = document.createElement('button');
  readonly #progress = document.createElement('progress');
  readonly #status = document.createElement('span');

  constructor(root: ShadowRoot, onClick: () => void) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const icon = document.createElement('span');
    icon.className = 'icon';
    icon.setAttribute('aria-hidden', 'true');
    this.#button.type = 'button';
    this.#button.part.add('button');
    this.#button.setAttribute('aria-describedby', 'status');
    this.#button.append(slot('icon', icon), slot('', 'Download'));
    this.#button.addEventListener('click', onClick);
    this.#progress.part.add('progress');
    this.#progress.setAttribute('aria-label', 'Download');
    this.#progress.hidden = true;
    this.#status.id = 'status';
    // Its words may run in another direction than those of the page.
    this.#status.dir = 'auto';
    this.#status.part.add('status');
    this.#status.setAttribute('role', 'status');
    root.append(this.#button, this.#progress, this.#status, slot('details'));
  }

  /** Not `disabled`, which would take the focus from whoever pressed it. */
  set busy(busy: boolean) {
    this.#button.setAttribute('aria-disabled', String(busy));
    this.#progress.hidden = !busy;
    // Without a value it moves, as long as nobody knows how much there is.
    this.#progress.removeAttribute('value');
  }

  say(text: string): void {
    this.#status.textContent = text;
  }

  show({ received, total }: Pick<Progress, 'received' | 'total'>): void {
    this.#progress.max = Math.max(total, 1);
    this.#progress.value = received;
  }
}

function slot(name: string, ...fallback: (Node | string)[]): HTMLSlotElement {
  const made = document.createElement('slot');
  if (name !== '') made.name = name;
  made.append(...fallback);
  return made;
}
