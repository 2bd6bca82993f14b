import { printable } from './printable.ts';

/** distribution-spec v1.1, "Warnings": a registry sends no more than this in one answer. */
const longest = 4096;
/** A registry that makes up a new text each time does not fill the memory. */
const mostKept = 100;

/** Passes on what registries warn of (`Warning: 299 - "text"`), each text once. It is shown, never acted on. */
export class Warnings {
  readonly #seen = new Set<string>();
  /** Gets what is to be shown to a person. */
  readonly show: (text: string) => void;

  constructor(show: (text: string) => void) {
    this.show = show;
  }

  take(headers: Pick<Headers, 'get'>): void {
    const header = (headers.get('warning') ?? '').slice(0, longest);
    for (const match of header.matchAll(/299 +\S+ +"((?:[^"\\]|\\.)*)"/g)) {
      const text = printable((match[1] ?? '').replace(/\\(.)/g, '$1'));
      if (this.#seen.has(text) || this.#seen.size >= mostKept) continue;
      this.#seen.add(text);
      this.show(text);
    }
  }
}
