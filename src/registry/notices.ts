import { RateLimits } from './rate-limit.ts';
import { redacted } from './redacted.ts';
import { Warnings } from './warning.ts';

/** What a registry says in headers and a person should know. It is shown, never acted on. */
export class Notices {
  readonly #warnings: Warnings;
  readonly #rates: RateLimits;

  /** @param show gets each text, once. */
  constructor(host: string, show: (text: string) => void) {
    this.#warnings = new Warnings(show);
    this.#rates = new RateLimits(host, show);
  }

  /** @param redact takes our own secrets out, of which a server may have made an echo. */
  take(headers: Headers, redact: (text: string) => string): void {
    const clean = redacted(headers, redact);
    this.#warnings.take(clean);
    this.#rates.take(clean);
  }
}
