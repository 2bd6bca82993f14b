import type { Trust } from '../../src/client/trust.ts';
import { DTufError, hasCode } from '../../src/errors.ts';
import type { Progress } from '../../src/options.ts';
import type { Files } from '../../src/ports.ts';
import { DownloadView } from './download-view.ts';
import { browserFiles } from './files.ts';
import { DTufCopy } from './index.ts';

/** Where a download stands. `refused`: it failed, and nothing was saved. */
export type DownloadState = 'idle' | 'checking' | 'downloading' | 'verified' | 'refused' | 'saved';

const ATTRIBUTES = ['host', 'repository', 'target', 'trust', 'filename'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

// On a server, where pages are only rendered, there are no elements; the module can be imported there all the same.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<dtuf-download>`: a button that downloads a target and saves it once it is verified.
 *
 * Attributes, and properties of the same names: `host`, `repository`, `target`, `trust` (the address of root.json or of
 * the root public key, relative to the page; or a child `<script type="application/json">` that holds root.json),
 * `filename` (the target's base name if left out). The attribute `state` tells where it stands ({@link DownloadState}).
 *
 * Events, which bubble: `dtuf-state` with the state as `detail` (that of `verified` can be cancelled: nothing is saved then), and
 * `dtuf-error` with the DTufError as `detail`. Parts: `button`, `progress`, `status`. The default slot is the label.
 *
 * @example
 * <dtuf-download host="https://registry.example.com" repository="fred/demo" target="demo.txt" trust="root.json">Download</dtuf-download>
 */
export class DTufDownloadElement extends Base {
  readonly #view = new DownloadView(this.attachShadow({ mode: 'open' }), () => void this.download());
  #state: DownloadState = 'idle';
  #isRunning = false;

  get state(): DownloadState {
    return this.#state;
  }

  get host(): string {
    return this.#get('host');
  }

  set host(value: string) {
    this.setAttribute('host', value);
  }

  get repository(): string {
    return this.#get('repository');
  }

  set repository(value: string) {
    this.setAttribute('repository', value);
  }

  get target(): string {
    return this.#get('target');
  }

  set target(value: string) {
    this.setAttribute('target', value);
  }

  get trust(): string {
    return this.#get('trust');
  }

  set trust(value: string) {
    this.setAttribute('trust', value);
  }

  get filename(): string {
    return this.#get('filename');
  }

  set filename(value: string) {
    this.setAttribute('filename', value);
  }

  #get(name: Attribute): string {
    return this.getAttribute(name) ?? '';
  }

  connectedCallback(): void {
    this.setAttribute('state', this.#state);
  }

  /**
   * What a click does: refreshes, downloads, verifies, saves. One at a time. It never rejects: how it ends is told by the
   * events and the state.
   */
  async download(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#view.busy = true;
    try {
      await this.#run();
    } catch (error) {
      this.#fail(asDTufError(error));
    } finally {
      this.#isRunning = false;
      this.#view.busy = false;
    }
  }

  async #run(): Promise<void> {
    this.#enter('checking', 'Checking the signatures…');
    const { filename } = this;
    const [host, repository, name] = [
      this.#required('host'),
      this.#required('repository'),
      this.#required('target'),
    ];
    const trust = this.#readTrust();
    const copy = new DTufCopy({
      host,
      repository,
      files: this.#asking(browserFiles()),
      ...(trust === undefined ? {} : { trust }),
    });
    await copy.pullMetadata();
    const target = await copy.pullTarget(name);
    this.#enter('downloading', 'Downloading and verifying…');
    await target.save({
      ...(filename === '' ? {} : { fileName: filename }),
      onProgress: (progress: Progress) => this.#view.show(progress),
    });
    this.#enter('saved', 'Verified and saved.');
  }

  #required(name: Attribute): string {
    const value = this.#get(name);
    if (value !== '') return value;
    throw new DTufError('INVALID_ARGUMENT', `<dtuf-download> needs the attribute ${name}`);
  }

  #readTrust(): Trust | undefined {
    const inline = this.querySelector(':scope > script[type="application/json"]')?.textContent;
    if (inline) return inline;
    return this.trust === '' ? undefined : new URL(this.trust, this.baseURI);
  }

  /** Files that are put in place only after the page was told that they are verified, and did not object. */
  #asking(files: Files): Files {
    return {
      ...files,
      sink: async (destination, name, length) => {
        const sink = await files.sink(destination, name, length);
        return {
          ...sink,
          commit: async () => {
            if (!this.#enter('verified', 'Verified.')) throw new Cancelled();
            await sink.commit();
          },
        };
      },
    };
  }

  #fail(error: DTufError | Cancelled): void {
    if (error instanceof Cancelled) {
      this.#enter('idle', 'Verified. It was not saved.');
      return;
    }
    this.#enter('refused', inWords(error));
    this.dispatchEvent(new CustomEvent('dtuf-error', { detail: error, bubbles: true, composed: true }));
  }

  /** @returns false where a listener has cancelled. */
  #enter(state: DownloadState, text: string): boolean {
    this.#state = state;
    this.setAttribute('state', state);
    this.#view.say(text);
    const event = { detail: state, bubbles: true, composed: true, cancelable: state === 'verified' };
    return this.dispatchEvent(new CustomEvent('dtuf-state', event));
  }
}

/** The page did not want a verified file to be saved. */
class Cancelled extends Error {}

/** For the person who clicked; programs have the error itself. */
function inWords(error: DTufError): string {
  if (error.code === 'TARGET_MISMATCH')
    return `Refused: ${error.target} is not what was signed. Nothing was saved.`;
  return `${isRefusal(error) ? 'Refused' : 'Not downloaded'}: ${error.message}`;
}

/** Whether what came was not what was signed, rather than not there. */
function isRefusal(error: DTufError): boolean {
  return (
    error.code.startsWith('METADATA_') ||
    hasCode(error, 'TARGET_MISMATCH', 'DIGEST_MISMATCH', 'TRUST_BROKEN', 'LIMIT_EXCEEDED')
  );
}

function asDTufError(error: unknown): DTufError | Cancelled {
  if (error instanceof DTufError || error instanceof Cancelled) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DTufError('INVALID_ARGUMENT', message, { cause: error });
}
