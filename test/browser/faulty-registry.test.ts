// What a page meets over the network, from a registry that lies or fails. The table of what came of it is printed.
import { afterAll, describe, expect, inject, it } from 'vitest';
import { DTufCopy, DTufError, memoryStore } from '../../adapters/browser/index.ts';
import type { Asked, Started } from '../setup/faulty-registry.ts';

const { control, url, repository, rootKey } = inject('faultyRegistry');

/** Nothing is waited for long, and no connection is fast enough for a large file. */
const limits = {
  retryAfter: 20,
  idle: 1500,
  total: 4000,
  fast: Number.POSITIVE_INFINITY,
  range: 500_000,
};
const credentials = { username: 'fred', password: 'secret' };

/** WebKitGTK hands out nothing, or little, of a connection that breaks off, as if the registry had nothing. */
const isWebKit = !/Chrome|Firefox/.test(navigator.userAgent);

type Outcome = 'right' | DTufError['code'];

interface Row {
  /** Of docs/attacks.md, as test names have them. */
  readonly rows: string;
  readonly fault: string;
  readonly target?: 'small' | 'large' | 'archive.tar.gz' | 'manifest.json';
  readonly login?: true;
  /** Several where the first connection may bring the rest before the fault is met. */
  readonly outcome: Outcome | readonly Outcome[];
  /** Of the message. */
  readonly words?: RegExp;
}

const table: readonly Row[] = [
  { rows: '(ATTACKS 52)', fault: 'bundle: other bytes than its digest', outcome: 'DIGEST_MISMATCH' },
  { rows: '(ATTACKS 52)', fault: 'bundle: a lying Docker-Content-Digest', outcome: 'DIGEST_MISMATCH' },
  { rows: '(ATTACKS 52)', fault: 'blobs: other bytes', outcome: 'TARGET_MISMATCH' },
  {
    rows: '(ATTACKS 53)',
    fault: 'bundle: layers that are smaller than they say',
    outcome: 'DIGEST_MISMATCH',
  },
  { rows: '(ATTACKS 53)', fault: 'bundle: layers that are larger than they say', outcome: 'DIGEST_MISMATCH' },
  { rows: '(ATTACKS 54)', fault: 'bundle: inline data of other bytes', outcome: 'right' },
  { rows: '(ATTACKS 55)', fault: 'bundle: an index of indexes', outcome: 'NOT_A_REPOSITORY' },
  { rows: '(ATTACKS 56)', fault: 'blobs: redirected for ever', outcome: 'UNREACHABLE' },
  { rows: '(ATTACKS 56)', fault: 'blobs: redirected to file:', outcome: 'UNREACHABLE' },
  { rows: '(ATTACKS 56)', fault: 'blobs: redirected to another host', login: true, outcome: 'right' },
  {
    rows: '(ATTACKS 57)',
    fault: 'a token from another host, over http',
    login: true,
    outcome: 'ACCESS_DENIED',
  },
  { rows: '(ATTACKS 57)', fault: 'a token from a private address', login: true, outcome: 'ACCESS_DENIED' },
  {
    rows: '(ATTACKS 58)',
    fault: '401 for ever',
    login: true,
    outcome: 'ACCESS_DENIED',
    words: /user name and password/,
  },
  { rows: '(ATTACKS 58, 81)', fault: 'bundle: 403', outcome: 'ACCESS_DENIED' },
  { rows: '(ATTACKS 58)', fault: 'bundle: 404', outcome: 'METADATA_MISSING' },
  { rows: '(ATTACKS 58)', fault: 'bundle: 405', outcome: 'REGISTRY_FAILED' },
  { rows: '(ATTACKS 58, 81)', fault: 'bundle: 500', outcome: 'REGISTRY_FAILED' },
  { rows: '(ATTACKS 58, 81)', fault: 'bundle: HTML with 200', outcome: 'NOT_A_REPOSITORY' },
  { rows: '(ATTACKS 58, 81)', fault: 'bundle: silence', outcome: 'TIMED_OUT' },
  { rows: '(ATTACKS 58, 81)', fault: 'bundle: reset', outcome: 'UNREACHABLE' },
  { rows: '(ATTACKS 58)', fault: 'bundle: without end', outcome: 'LIMIT_EXCEEDED' },
  { rows: '(ATTACKS 58)', fault: 'blobs: 416', outcome: 'TARGET_MISMATCH' },
  { rows: '(ATTACKS 58)', fault: 'blobs: 429 with Retry-After, once', outcome: 'right' },
  {
    rows: '(ATTACKS 58)',
    fault: 'blobs: 429 for ever',
    outcome: 'REGISTRY_FAILED',
    words: /try again later/,
  },
  { rows: '(ATTACKS 58)', fault: 'blobs: 503, once', outcome: 'right' },
  { rows: '(ATTACKS 58)', fault: 'blobs: reset, once', outcome: 'right' },
  { rows: '(ATTACKS 58)', fault: 'blobs: cut in the middle, once', outcome: 'right' },
  { rows: '(ATTACKS 58)', fault: 'blobs: a Content-Length that is too large', outcome: 'right' },
  { rows: '(ATTACKS 58)', fault: 'blobs: a gzip bomb', outcome: ['TARGET_MISMATCH', 'TIMED_OUT'] },
  { rows: '(ATTACKS 73)', fault: 'blobs: no ranges', target: 'large', outcome: 'right' },
  {
    rows: '(ATTACKS 73)',
    fault: 'blobs: another range',
    target: 'large',
    outcome: ['right', 'REGISTRY_FAILED'],
  },
  {
    rows: '(ATTACKS 73)',
    fault: 'blobs: a range that is too short',
    target: 'large',
    outcome: 'TARGET_MISMATCH',
  },
  {
    rows: '(ATTACKS 73)',
    fault: 'blobs: a range that is too long',
    target: 'large',
    outcome: 'TARGET_MISMATCH',
  },
  {
    rows: '(ATTACKS 73)',
    fault: 'blobs: ranges as multipart',
    target: 'large',
    outcome: ['right', 'REGISTRY_FAILED'],
  },
  { rows: '(ATTACKS 87)', fault: 'blobs: compressed on the way', outcome: 'right' },
  {
    rows: '(ATTACKS 87)',
    fault: 'blobs: labelled as compressed, which they are',
    target: 'archive.tar.gz',
    outcome: ['UNREACHABLE', 'TARGET_MISMATCH'],
    words: /failed|not what was signed/,
  },
  { rows: '(ATTACKS 87)', fault: 'blobs: no Content-Length', outcome: 'right' },
  {
    rows: '(ATTACKS 88)',
    fault: 'blobs: cut after every MB',
    target: 'large',
    outcome: isWebKit ? ['TARGET_MISSING', 'UNREACHABLE', 'right'] : 'right',
  },
  {
    rows: '(ATTACKS 88)',
    fault: 'blobs: cut after every MB, and no ranges',
    target: 'large',
    outcome: isWebKit ? ['TARGET_MISSING', 'UNREACHABLE'] : 'UNREACHABLE',
  },
  { rows: '(ATTACKS 88)', fault: 'blobs: silent at half', target: 'large', outcome: ['TIMED_OUT', 'right'] },
  { rows: '(ATTACKS 89)', fault: '401 with 2 MB, then 200', login: true, outcome: 'right' },
  { rows: '(ATTACKS 92)', fault: 'bundle: a Docker image', outcome: 'right' },
  { rows: '(ATTACKS 92)', fault: 'none', target: 'manifest.json', outcome: 'right' },
];

async function start(fault: string): Promise<Started> {
  const answer = await fetch(`${control}/start?fault=${encodeURIComponent(fault)}`, { method: 'POST' });
  return answer.json();
}

async function askedOf(id: number | undefined): Promise<readonly Asked[]> {
  return (await fetch(`${control}/seen?id=${id}`)).json();
}

type State = Record<string, string | undefined>;

const printed: string[] = [];

async function meets({ fault, target = 'small', login }: Row) {
  const proxy = await start(fault);
  const store = memoryStore();
  const state = async (): Promise<State> => {
    const files = await store.read(await store.list(''));
    return Object.fromEntries([...files].map(([name, { version }]) => [name, version]));
  };
  const place = { repository, trust: rootKey, store, limits };
  const copy = new DTufCopy({ ...place, host: proxy.url, ...(login ? { credentials } : {}) });
  const pull = async (from: DTufCopy) => (await from.pullTarget(target)).bytes();
  // Patiently: the browser may be at work still on what it was sent.
  const honest = new DTufCopy({ ...place, host: url, limits: {} });
  const onBlobs = fault.startsWith('blobs');
  if (onBlobs) await copy.pullMetadata();
  const before = await state();
  const began = performance.now();
  let outcome: Outcome = 'right';
  let message = '';
  let length = 0;
  try {
    if (!onBlobs) await copy.pullMetadata();
    length = (await pull(copy)).length;
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    ({ code: outcome, message } = error);
  }
  const seconds = (performance.now() - began) / 1000;
  const after = await state();
  // What was met leaves nothing that stands in the way of an honest registry.
  await honest.pullMetadata();
  const expected = (await pull(honest)).length;
  return { proxy, outcome, message, length, expected, before, after, seconds };
}

describe('a page over the network', () => {
  it.each(table.map((row) => [row.fault, row.rows, row] as const))('meets %s %s', async (_, __, row) => {
    const met = await meets(row);
    printed.push(`| ${row.rows.slice(1, -1)} | ${row.fault} | ${met.outcome} | ${met.message} |`);
    expect([row.outcome].flat()).toContain(met.outcome);
    expect(met.message).toMatch(row.words ?? /^/);
    if (met.outcome === 'right') expect(met.length).toBe(met.expected);
    else expect(met.after).toEqual(met.before);
    expect(met.seconds).toBeLessThan(20);
    if (met.proxy.other === undefined) return;
    const logins = async (id?: number) => (await askedOf(id)).map(({ authorization }) => authorization);
    expect(await logins(met.proxy.id)).toContain(true);
    const elsewhere = await logins(met.proxy.other);
    expect(elsewhere.length).toBeGreaterThan(0);
    expect(elsewhere).not.toContain(true);
  });
});

afterAll(() => console.log(['', ...printed].join('\n')));
