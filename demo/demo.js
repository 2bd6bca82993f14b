// Verifies the repository of the demo in the page and shows each check.
import { DTufCopy } from './dtuf.min.js';

const ROLES = ['root', 'timestamp', 'snapshot', 'targets'];
const MEANING = {
  root: 'names the keys of all roles. The page was given its public key.',
  timestamp: 'says what is newest, and soon expires: nobody can hold you back.',
  snapshot: 'lists all versions at one moment: nobody can mix old with new.',
  targets: 'lists the files with their lengths and hashes.',
};

const byId = (id) => document.getElementById(id);
const demo = await (await fetch('demo.json')).json();
const rootKey = await (await fetch('root_key.pub')).text();

byId('registry').textContent = new URL(demo.registry).host;
byId('repository').textContent = demo.repository;
byId('attacked').textContent = demo.target;
byId('again').addEventListener('click', () => void verify());
byId('plain-button').addEventListener('click', () => void fetchPlainly());
guard();
await verify();

async function verify() {
  verdict('checking', 'Checking…', 'Fetching the metadata of the repository.');
  let requests = 0;
  const copy = new DTufCopy({
    host: demo.registry,
    repository: demo.repository,
    trust: rootKey,
    fetch: (input, init) => {
      requests += 1;
      return fetch(input, init);
    },
  });
  try {
    const started = performance.now();
    const refreshed = await copy.pullMetadata();
    const time = Math.max(1, Math.round(performance.now() - started));
    const expirations = await copy.getExpirations();
    showChain(refreshed.explain, expirations);
    await showTargets(copy);
    const asked = `${requests} request${requests === 1 ? '' : 's'}`;
    const until = refreshed.expires.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
    verdict(
      'ok',
      'Verified',
      `${refreshed.explain.length} checks passed in ${time} ms, with ${asked}. Valid until ${until}.`,
    );
  } catch (error) {
    verdict('bad', 'Refused', error.message);
  }
}

function verdict(state, title, text) {
  byId('verdict').dataset.state = state;
  byId('verdict-title').textContent = title;
  byId('verdict-text').textContent = text;
  byId('again').hidden = state === 'checking';
}

function showChain(explain, expirations) {
  const links = ROLES.map((role) => {
    const checks = explain.filter((check) => check.role === role);
    const version = checks.map(({ what }) => /^version (\d+)/.exec(what)?.[1]).findLast(Boolean);
    return element('li', { className: 'link' }, [
      element('div', { className: 'link-head' }, [
        element('h3', { textContent: role }),
        element('span', { className: 'version', textContent: version ? `v${version}` : '' }),
      ]),
      element('p', { className: 'meaning', textContent: MEANING[role] }),
      element('ul', { className: 'checks' }, checks.map(showCheck)),
      element('p', { className: 'expiry', textContent: `expires ${inWords(expirations[role])}` }),
    ]);
  });
  byId('chain').replaceChildren(...links);
}

function showCheck({ clause, what, ok }) {
  return element('li', { className: ok ? 'passed' : 'failed' }, [
    element('span', { className: 'what' }, [
      element('span', { className: 'unseen', textContent: ok ? 'passed: ' : 'failed: ' }),
      what,
    ]),
    element('span', { className: 'clause', textContent: clause, title: `TUF 1.0.34, clause ${clause}` }),
  ]);
}

async function showTargets(copy) {
  const rows = [];
  for await (const target of copy.listTargets()) {
    const download = document.createElement('dtuf-download');
    Object.assign(download, {
      host: demo.registry,
      repository: demo.repository,
      target: target.name,
      trust: 'root_key.pub',
      textContent: 'Download',
    });
    rows.push(
      element('li', { className: 'target' }, [
        element('div', { className: 'target-text' }, [
          element('h3', { textContent: target.name }),
          element('p', { className: 'size', textContent: bytes(target.length) }),
          element('p', { className: 'hash', textContent: `sha256 ${target.hashes.sha256}` }),
        ]),
        download,
      ]),
    );
  }
  byId('targets').replaceChildren(...rows);
}

async function fetchPlainly() {
  const outcome = byId('plain').querySelector('.outcome');
  const text = await (await fetch(demo.mirror + demo.altered, { cache: 'no-store' })).text();
  byId('plain').dataset.state = 'bad';
  outcome.replaceChildren(
    element('p', { className: 'came', textContent: text.trim() }),
    element('p', { textContent: 'It was taken without a word. Did you see the altered letter?' }),
  );
}

function guard() {
  const download = byId('guarded-download');
  Object.assign(download, {
    host: demo.mirror,
    repository: demo.repository,
    target: demo.target,
    trust: 'root_key.pub',
  });
  const outcome = byId('guarded').querySelector('.outcome');
  download.addEventListener('dtuf-state', ({ detail: state }) => {
    byId('guarded').dataset.state = state === 'refused' ? 'ok' : '';
    outcome.replaceChildren();
  });
  download.addEventListener('dtuf-error', ({ detail: error }) => {
    outcome.replaceChildren(
      element('dl', { className: 'proof' }, [
        ...entry('code', error.code),
        ...entry('TUF clause', error.clause),
        ...entry('signed', error.expected),
        ...entry('came', error.got),
      ]),
    );
  });
}

function entry(name, value) {
  if (value === undefined) return [];
  return [element('dt', { textContent: name }), element('dd', { textContent: value })];
}

function element(name, properties, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function bytes(length) {
  if (length < 1000) return `${length} bytes`;
  if (length < 1_000_000) return `${(length / 1000).toFixed(1)} kB`;
  return `${(length / 1_000_000).toFixed(1)} MB`;
}

function inWords(date) {
  const hours = Math.round((date.getTime() - Date.now()) / 3_600_000);
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'always' });
  return Math.abs(hours) < 48 ? format.format(hours, 'hour') : format.format(Math.round(hours / 24), 'day');
}
