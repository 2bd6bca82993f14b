// <dtuf-download>, from the click to the file.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../adapters/browser/element.ts';
import type { DownloadState, DTufDownloadElement } from '../../adapters/browser/element.ts';
import type { DTufError } from '../../src/index.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { catchDownloads } from './downloads.ts';
import { flipped, registryInPage } from './registry-in-page.ts';
import { cleanUp, clearSiteData } from './storage.ts';

const DATA = 'Hello World!\n';

async function published() {
  const server = registryInPage();
  const { master, repository, rootKey, store } = await publisher(server.registry);
  await master.pushTarget('folder/demo.txt', bytesOf(DATA));
  await master.pushMetadata();
  server.serve(`${server.address}/root_key.pub`, rootKey);
  const root = (await store.read(['repository/metadata.staged/root.json'])).values().next().value;
  return { ...server, repository, rootJson: new TextDecoder().decode(root?.bytes) };
}

interface Shown {
  readonly element: DTufDownloadElement;
  readonly states: DownloadState[];
  readonly errors: DTufError[];
  /** Resolves in the first of these states. */
  until(...wanted: DownloadState[]): Promise<void>;
}

function show(attributes: Record<string, string>, rootJson?: string): Shown {
  const element = document.createElement('dtuf-download');
  if (rootJson !== undefined) addRoot(element, rootJson);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append('Get it');
  const states: DownloadState[] = [];
  const errors: DTufError[] = [];
  element.addEventListener('dtuf-state', (event) => {
    states.push((event as CustomEvent<DownloadState>).detail);
  });
  element.addEventListener('dtuf-error', (event) => {
    errors.push((event as CustomEvent<DTufError>).detail);
  });
  const until = (...wanted: DownloadState[]) =>
    new Promise<void>((resolve) => {
      element.addEventListener('dtuf-state', (event) => {
        if (wanted.includes((event as CustomEvent<DownloadState>).detail)) resolve();
      });
    });
  document.body.append(element);
  return { element, states, errors, until };
}

const statusOf = (element: Element) => element.shadowRoot?.querySelector('[role=status]')?.textContent;

afterEach(async () => {
  await cleanUp();
  document.body.replaceChildren();
  await clearSiteData();
});

describe('<dtuf-download>', () => {
  it('saves a target that was verified, in one click', async () => {
    const { address: host, repository } = await published();
    const downloads = catchDownloads();
    const { states, errors, until, element } = show({
      host,
      repository,
      target: 'folder/demo.txt',
      trust: `${host}/root_key.pub`,
    });
    const saved = until('saved', 'refused');
    await userEvent.click(page.getByRole('button', { name: 'Get it' }));
    await saved;
    expect(errors).toEqual([]);
    expect(states).toEqual(['checking', 'downloading', 'verified', 'saved']);
    expect(downloads).toMatchObject([{ fileName: 'demo.txt' }]);
    expect(await downloads[0]?.text()).toBe(DATA);
    expect(element.getAttribute('state')).toBe('saved');
    expect(statusOf(element)).toContain('Verified');
  });

  it('refuses a target that was tampered with, and saves nothing', async () => {
    const { address: host, repository, rootJson, tamper } = await published();
    const downloads = catchDownloads();
    const { element, states, errors, until } = show({ host, repository, target: 'folder/demo.txt' });
    addRoot(element, rootJson);
    tamper(flipped);
    const refused = until('saved', 'refused');
    await element.download();
    await refused;
    expect(states).toEqual(['checking', 'downloading', 'refused']);
    expect(errors).toMatchObject([{ code: 'TARGET_MISMATCH', target: 'folder/demo.txt' }]);
    expect(downloads).toEqual([]);
    expect(element.getAttribute('state')).toBe('refused');
    expect(statusOf(element)).toMatch(/^Refused: /);
  });

  it('takes its trusted root from within itself, and the name of the file from the page', async () => {
    const { address: host, repository, rootJson } = await published();
    const downloads = catchDownloads();
    const { element, states } = show({ host, repository, target: 'folder/demo.txt', filename: 'mine.txt' });
    addRoot(element, rootJson);
    await element.download();
    expect(states.at(-1)).toBe('saved');
    expect(downloads).toMatchObject([{ fileName: 'mine.txt' }]);
  });

  it('saves nothing where the page objects to a verified file', async () => {
    const { address: host, repository, rootJson } = await published();
    const downloads = catchDownloads();
    const { element, states, errors } = show({ host, repository, target: 'folder/demo.txt' });
    addRoot(element, rootJson);
    element.addEventListener('dtuf-state', (event) => {
      if ((event as CustomEvent<DownloadState>).detail === 'verified') event.preventDefault();
    });
    await element.download();
    expect(states).toEqual(['checking', 'downloading', 'verified', 'idle']);
    expect(downloads).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('says that a registry cannot be reached, which is no refusal', async () => {
    const { address, repository, rootJson } = await published();
    catchDownloads();
    const { element, errors } = show({ host: 'http://localhost:1', repository, target: 'folder/demo.txt' });
    addRoot(element, rootJson);
    await element.download();
    expect(address).not.toBe(element.host);
    expect(errors).toMatchObject([{ code: 'UNREACHABLE' }]);
    expect(statusOf(element)).toMatch(/^Not downloaded: /);
  });

  it.each([
    ['host', { repository: 'fred/demo', target: 'a' }],
    ['repository', { host: 'http://localhost:1', target: 'a' }],
    ['target', { host: 'http://localhost:1', repository: 'fred/demo' }],
  ])('says that the attribute %s is missing', async (name, attributes) => {
    const { element, errors } = show(attributes);
    await element.download();
    expect(errors).toMatchObject([{ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name) }]);
  });

  it('says that nothing is published there, which is no refusal', async () => {
    const { address, rootJson } = await published();
    catchDownloads();
    const { element, errors } = show({ host: address, repository: 'fred/nothing', target: 'a' }, rootJson);
    await element.download();
    expect(errors).toMatchObject([{ code: 'METADATA_MISSING' }]);
    expect(statusOf(element)).toMatch(/^Not downloaded: /);
  });

  it('says that there is no such layout', async () => {
    const { address, repository, rootJson } = await published();
    catchDownloads();
    const place = { host: address, repository, target: 'folder/demo.txt', layout: 'HTTP' };
    const { element, errors } = show(place, rootJson);
    await element.download();
    expect(errors).toMatchObject([{ code: 'INVALID_ARGUMENT', got: 'HTTP' }]);
  });

  it('downloads once, however often it is clicked, and can be used again', async () => {
    const { address: host, repository, rootJson } = await published();
    const downloads = catchDownloads();
    const { element } = show({ host, repository, target: 'folder/demo.txt' });
    addRoot(element, rootJson);
    await Promise.all([element.download(), element.download()]);
    expect(downloads).toHaveLength(1);
    await element.download();
    expect(downloads).toHaveLength(2);
  });

  it('is a button for the keyboard, and keeps the focus while it works', async () => {
    const { address: host, repository, rootJson } = await published();
    catchDownloads();
    const { element, until } = show({ host, repository, target: 'folder/demo.txt' });
    addRoot(element, rootJson);
    await userEvent.tab();
    expect(document.activeElement).toBe(element);
    const saved = until('saved', 'refused');
    await userEvent.keyboard('{Enter}');
    await saved;
    expect(element.state).toBe('saved');
    expect(document.activeElement).toBe(element);
  });

  it.each(['load', 'visible'] as const)(
    'checks the signatures at %s, and then downloads at the click',
    async (check) => {
      const { address: host, repository, rootJson } = await published();
      const downloads = catchDownloads();
      const { element, states } = show({ host, repository, target: 'folder/demo.txt', check }, rootJson);
      await vi.waitFor(() => expect(states).toEqual(['checking', 'idle']));
      expect(statusOf(element)).toBe('Signed, 13 bytes.');
      expect(downloads).toEqual([]);
      await element.download();
      expect(states.slice(2)).toEqual(['checking', 'downloading', 'verified', 'saved']);
      expect(downloads).toHaveLength(1);
    },
  );

  it('is not checked before it is seen', async () => {
    const { address: host, repository, rootJson } = await published();
    const far = document.createElement('div');
    far.style.height = '5000px';
    document.body.append(far);
    const { element, states } = show(
      { host, repository, target: 'folder/demo.txt', check: 'visible' },
      rootJson,
    );
    const before = show({ host, repository, target: 'folder/demo.txt', check: 'load' }, rootJson);
    await vi.waitFor(() => expect(before.states).toEqual(['checking', 'idle']));
    expect(states).toEqual([]);
    element.scrollIntoView();
    await vi.waitFor(() => expect(states).toEqual(['checking', 'idle']));
  });

  it('shares one refresh with the elements of the same place and trust, and with no others', async () => {
    const { address: host, repository, rootJson, asked } = await published();
    const place = { host, repository, target: 'folder/demo.txt', check: 'load' };
    const shown = [
      show(place, rootJson),
      show(place, rootJson),
      show({ ...place, target: 'none' }, rootJson),
    ];
    await vi.waitFor(() =>
      expect(shown.map(({ states }) => states.at(-1))).toEqual(['idle', 'idle', 'refused']),
    );
    expect(asked.filter((url) => url.endsWith('/manifests/timestamp.json'))).toHaveLength(1);
    const other = show(place, `${rootJson} `);
    await vi.waitFor(() => expect(other.states).toEqual(['checking', 'idle']));
    expect(asked.filter((url) => url.endsWith('/manifests/timestamp.json'))).toHaveLength(2);
  });

  it('goes back to where it stood where the user picks no file, which is no error', async () => {
    const { address: host, repository, rootJson } = await published();
    vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('closed', 'AbortError')));
    const { element, states, errors } = show({ host, repository, target: 'folder/demo.txt' }, rootJson);
    await element.download();
    expect(states).toEqual(['idle']);
    expect(errors).toEqual([]);
  });

  it('asks for the file first, and leaves none that is empty where it refuses', async () => {
    const { address: host, repository, rootJson, tamper } = await published();
    const root = await navigator.storage.getDirectory();
    const order: string[] = [];
    vi.stubGlobal('showSaveFilePicker', async ({ suggestedName }: { suggestedName: string }) => {
      order.push(suggestedName);
      return root.getFileHandle('picked', { create: true });
    });
    const { element, states } = show({ host, repository, target: 'folder/demo.txt' }, rootJson);
    element.addEventListener('dtuf-state', (event) => order.push((event as CustomEvent<string>).detail));
    await element.download();
    expect(order).toEqual(['demo.txt', 'checking', 'downloading', 'verified', 'saved']);
    expect(await (await (await root.getFileHandle('picked')).getFile()).text()).toBe(DATA);
    await root.removeEntry('picked');
    tamper(flipped);
    await element.download();
    expect(states.at(-1)).toBe('refused');
    await expect(root.getFileHandle('picked')).rejects.toThrow();
  });

  it('can be paused, and goes on', async () => {
    const { address: host, repository, rootJson } = await published();
    const downloads = catchDownloads();
    const { element, states } = show({ host, repository, target: 'folder/demo.txt' }, rootJson);
    const pause = (event: Event) => {
      if ((event as CustomEvent<DownloadState>).detail === 'downloading') element.pause();
    };
    element.addEventListener('dtuf-state', pause);
    await element.download();
    expect(states).toEqual(['checking', 'downloading', 'idle']);
    expect(statusOf(element)).toBe('Paused. Press again to go on.');
    expect(downloads).toEqual([]);
    element.removeEventListener('dtuf-state', pause);
    await element.download();
    expect(element.state).toBe('saved');
  });

  it('says when what is offered has expired, and by which clock (a clock that is wrong by a year)', async () => {
    const { address: host, repository, rootJson } = await published();
    vi.useFakeTimers({ now: Date.now() + 400 * 86_400_000, toFake: ['Date'] });
    const { element, errors } = show({ host, repository, target: 'folder/demo.txt' }, rootJson);
    catchDownloads();
    await element.download();
    vi.useRealTimers();
    expect(errors).toMatchObject([{ code: 'METADATA_EXPIRED' }]);
    expect(statusOf(element)).toMatch(/^Refused: .* until \w+ \d+, \d{4} only.*set the clock/);
  });

  it('takes properties that were set before its script was there', () => {
    const early = Object.assign(document.createElement('div'), {});
    early.innerHTML = '<dtuf-download></dtuf-download>';
    const made = early.firstElementChild as DTufDownloadElement;
    Object.defineProperty(made, 'host', { value: 'localhost:5000', configurable: true, writable: true });
    document.body.append(early);
    expect(made.getAttribute('host')).toBe('localhost:5000');
  });

  it('shows an icon before its label and details after it all; a fallback only without its script', async () => {
    const { element } = show({});
    for (const slot of ['icon', 'details', 'fallback']) {
      const child = document.createElement('span');
      child.slot = slot;
      child.textContent = slot;
      element.append(child);
    }
    const seen = [...element.children]
      .filter((child) => child.checkVisibility())
      .map(({ textContent }) => textContent);
    expect(seen).toEqual(['icon', 'details']);
    await expect.element(page.getByRole('button', { name: 'icon Get it' })).toBeVisible();
  });

  it('tells assistive technology its name, how far it is, and what came of it', async () => {
    const { element } = show({});
    await element.download();
    const root = element.shadowRoot;
    const button = root?.querySelector('button');
    expect(button?.getAttribute('aria-describedby')).toBe('status');
    expect(root?.querySelector('#status')?.getAttribute('role')).toBe('status');
    expect(root?.querySelector('progress')?.getAttribute('aria-label')).toBe('Download');
    expect(button?.getAttribute('aria-disabled')).toBe('false');
    element.focus();
    expect(root?.activeElement).toBe(button);
  });

  it('has its parts and attributes as a page styles and sets them', () => {
    const { element } = show({});
    const parts = [...(element.shadowRoot?.querySelectorAll('[part]') ?? [])].map((part) =>
      part.getAttribute('part'),
    );
    expect(parts).toEqual(['button', 'progress', 'status']);
    expect(element.shadowRoot?.querySelector('button')?.type).toBe('button');
    expect(element.getAttribute('state')).toBe('idle');
    element.host = 'localhost:5000';
    element.filename = 'a';
    element.layout = 'http';
    expect(element.check).toBe('click');
    element.check = 'visible';
    expect([element.getAttribute('layout'), element.getAttribute('check')]).toEqual(['http', 'visible']);
    element.check = 'click';
    expect(element.getAttribute('host')).toBe('localhost:5000');
    expect(element.getAttribute('filename')).toBe('a');
    expect(element.repository).toBe('');
  });
});

function addRoot(element: Element, json: string): void {
  const script = document.createElement('script');
  script.type = 'application/json';
  script.textContent = json;
  element.append(script);
}
