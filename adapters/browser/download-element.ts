import type { Trust } from '../../src/client/trust.ts';
import type { VerifiedTarget } from '../../src/client/verified-target.ts';
import { DTufError, hasCode } from '../../src/errors.ts';
import type { LayoutName } from '../../src/layout/layout.ts';
import type { Progress } from '../../src/options.ts';
import type { Chosen } from '../../src/ports.ts';
import { DownloadView } from './download-view.ts';
import { refusalInWords, sizeInWords } from './download-words.ts';
import { browserFiles } from './files.ts';
import { type SharedCopy, sharedCopy } from './shared-copies.ts';

/** Where a download stands. `refused`: it failed, and nothing was saved. */
export type DownloadState = 'idle' | 'checking' | 'downloading' | 'verified' | 'refused' | 'saved';

/** When the signatures are checked: when the element appears, when it is seen, or at the click. */
export type CheckTime = 'load' | 'visible' | 'click';

const ATTRIBUTES = ['host', 'repository', 'target', 'trust', 'layout', 'filename', 'check'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

// On a server, where pages are only rendered, there are no elements; the module can be imported there all the same.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<dtuf-download>`: a button that downloads a target and saves it once it is verified.
 *
 * Attributes, and properties of the same names: `host`, `repository`, `target`, `trust` (the address of root.json or of
 * the root public key, relative to the page; or a child `<script type="application/json">` that holds root.json),
 * `layout` (`http` for a plain TUF repository on a web server), `filename` (the target's base name if left out), `check`
 * ({@link CheckTime}; `click` if left out). The attribute `state` tells where it stands ({@link DownloadState}).
 *
 * Events, which bubble: `dtuf-state` with the state as `detail` (that of `verified` can be cancelled: nothing is saved then), and
 * `dtuf-error` with the DTufError as `detail`. Parts: `button`, `progress`, `status`. Slots: the default one is the label, `icon`
 * stands before it, `details` after it all. A child with `slot="fallback"` is seen only where this script does not run.
 *
 * Elements of one page with the same place and trust share one client, and refresh once.
 *
 * @example
 * <dtuf-download host="https://registry.example.com" repository="fred/demo" target="demo.txt" trust="root.json">Download</dtuf-download>
 */
export class DTufDownloadElement extends Base {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;

  readonly #view = new DownloadView(this.attachShadow({ mode: 'open', delegatesFocus: true }), () => {
    void this.download();
  });
  #state: DownloadState = 'idle';
  #running: AbortController | undefined;
  #observer: IntersectionObserver | undefined;
  /** Which check is the newest: an older one that ends later has nothing to say. */
  #check = 0;
  #scheduled: ReturnType<typeof setTimeout> | undefined;
  #progress: Progress | undefined;

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

  get layout(): string {
    return this.#get('layout');
  }

  set layout(value: string) {
    this.setAttribute('layout', value);
  }

  get filename(): string {
    return this.#get('filename');
  }

  set filename(value: string) {
    this.setAttribute('filename', value);
  }

  get check(): CheckTime {
    const value = this.#get('check');
    return value === 'load' || value === 'visible' ? value : 'click';
  }

  set check(value: CheckTime) {
    this.setAttribute('check', value);
  }

  #get(name: Attribute): string {
    return this.getAttribute(name) ?? '';
  }

  connectedCallback(): void {
    for (const name of ATTRIBUTES) this.#upgrade(name);
    this.setAttribute('state', this.#state);
    this.#schedule();
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#schedule();
  }

  /** A property that was set before this class was there hides the one of the class. */
  #upgrade(name: Attribute): void {
    if (!Object.hasOwn(this, name)) return;
    const value: unknown = Reflect.get(this, name);
    Reflect.deleteProperty(this, name);
    this.setAttribute(name, String(value));
  }

  /** Once for all attributes that change together, and after a child script was parsed. */
  #schedule(): void {
    clearTimeout(this.#scheduled);
    this.#scheduled = setTimeout(() => {
      if (this.isConnected && this.#running === undefined) this.#begin();
    });
  }

  /** As it stands before anybody clicks. */
  #begin(): void {
    this.#check++;
    this.#observer?.disconnect();
    if (this.#state !== 'idle') this.#enter('idle', '');
    if (this.check === 'load') void this.#checkAhead();
    if (this.check !== 'visible') return;
    this.#observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      this.#observer?.disconnect();
      void this.#checkAhead();
    });
    this.#observer.observe(this);
  }

  async #checkAhead(): Promise<void> {
    const check = ++this.#check;
    const isNewest = () => check === this.#check;
    this.#enter('checking', 'Checking the signatures…');
    try {
      const target = await this.#find(this.#shared());
      if (isNewest()) this.#enter('idle', `Signed, ${sizeInWords(target.length)}.`);
    } catch (error) {
      if (isNewest()) this.#fail(error);
    }
  }

  /**
   * What a click does: asks where to save, refreshes, downloads, verifies, saves. One at a time. It never rejects: how it ends
   * is told by the events and the state.
   */
  async download(): Promise<void> {
    if (this.#running !== undefined) return;
    this.#check++;
    clearTimeout(this.#scheduled);
    this.#running = new AbortController();
    this.#view.busy = true;
    try {
      await this.#run(this.#running.signal);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = undefined;
      this.#view.busy = false;
    }
  }

  /** Stops a download. What came so far is kept for a day: the next click, also after a reload, fetches the rest. */
  pause(): void {
    this.#running?.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#progress = undefined;
    const shared = this.#shared();
    const { filename } = this;
    const named = filename === '' ? {} : { fileName: filename };
    // First, while the click still counts.
    const chosen: Chosen = (await browserFiles().choose?.(named, this.target)) ?? named;
    try {
      this.#enter('checking', 'Checking the signatures…');
      const target = await this.#find(shared, signal);
      this.#enter('downloading', `Downloading and verifying ${sizeInWords(target.length)}…`);
      await target.save({
        ...chosen,
        signal,
        onProgress: (progress) => this.#show(progress),
        onVerified: () => {
          if (!this.#enter('verified', 'Verified.')) throw new Cancelled();
        },
      });
    } catch (error) {
      await chosen.giveUp?.();
      throw error;
    }
    this.#enter('saved', 'Verified and saved.');
  }

  #find(shared: SharedCopy, signal?: AbortSignal): Promise<VerifiedTarget> {
    return shared.find(this.target, signal ? { signal } : {});
  }

  #show(progress: Progress): void {
    this.#progress = progress;
    this.#view.show(progress);
  }

  #shared(): SharedCopy {
    const layout = this.#layout();
    const host = this.#required('host');
    this.#required('target');
    const repository = layout === 'http' ? this.repository : this.#required('repository');
    const trust = this.#readTrust();
    return sharedCopy({
      host,
      ...(repository === '' ? {} : { repository }),
      ...(layout === undefined ? {} : { layout }),
      ...(trust === undefined ? {} : { trust }),
    });
  }

  #layout(): LayoutName | undefined {
    const { layout } = this;
    if (layout === '') return undefined;
    if (layout === 'http' || layout === 'native' || layout === 'legacy') return layout;
    throw new DTufError('INVALID_ARGUMENT', `there is no layout "${layout}": write http, native or legacy`, {
      expected: 'http, native or legacy',
      got: layout,
    });
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

  #fail(error: unknown): void {
    if (error instanceof Cancelled) {
      this.#enter('idle', 'Verified. It was not saved.');
      return;
    }
    if (hasCode(error, 'ABORTED')) {
      this.#enter('idle', this.#pausedInWords());
      return;
    }
    const known = asDTufError(error);
    this.#enter('refused', refusalInWords(known));
    this.dispatchEvent(new CustomEvent('dtuf-error', { detail: known, bubbles: true, composed: true }));
  }

  #pausedInWords(): string {
    // Where nothing was picked there is nothing to say.
    if (this.#progress === undefined)
      return this.#running?.signal.aborted ? 'Paused. Press again to go on.' : '';
    const { received, total } = this.#progress;
    return `Paused at ${Math.floor((100 * received) / Math.max(total, 1))} %. Press again to go on.`;
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

function asDTufError(error: unknown): DTufError {
  if (error instanceof DTufError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DTufError('INVALID_ARGUMENT', message, { cause: error });
}
