import type { Progress } from '../../src/options.ts';

const STYLE = `
:host { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0.5em 0.75em; }
:host([hidden]) { display: none; }
button { font: inherit; cursor: pointer; }
button[aria-disabled='true'] { cursor: progress; opacity: 0.6; }
progress { inline-size: 8em; }
[hidden] { display: none; }
[role='status'] { overflow-wrap: anywhere; }
[role='status']:empty { margin-inline-start: -0.75em; }
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
    const label = document.createElement('slot');
    label.textContent = 'Download';
    this.#button.type = 'button';
    this.#button.part.add('button');
    this.#button.append(label);
    this.#button.addEventListener('click', onClick);
    this.#progress.part.add('progress');
    this.#progress.setAttribute('aria-label', 'Download');
    this.#progress.hidden = true;
    this.#status.part.add('status');
    this.#status.setAttribute('role', 'status');
    root.append(this.#button, this.#progress, this.#status);
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

  show({ received, total }: Progress): void {
    this.#progress.max = Math.max(total, 1);
    this.#progress.value = received;
  }
}
