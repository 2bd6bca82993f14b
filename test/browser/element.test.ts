// <dtuf-download>, from the click to the file.
import { afterEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import '../../adapters/browser/element.ts';
import type { DownloadState, DTufDownloadElement } from '../../adapters/browser/element.ts';
import type { DTufError } from '../../src/index.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { catchDownloads } from './downloads.ts';
import { flipped, registryInPage } from './registry-in-page.ts';
import { clearSiteData } from './storage.ts';

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

function show(attributes: Record<string, string>, label = 'Get it'): Shown {
  const element = document.createElement('dtuf-download');
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(label);
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
