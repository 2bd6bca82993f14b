// Our client's verdict on what is served.
import { DTufCopy, DTufError, memoryStore } from '../../src/index.ts';
import type { Store } from '../../src/ports.ts';
import { ROLES } from '../../src/tuf/metadata.ts';
import { sha256 } from '../http/web.ts';
import type { Session } from './plan.ts';
import type { Served } from './serve.ts';

/** A repository as both clients meet it: what is served in each session, and at what time. */
export interface Case {
  readonly trust: Uint8Array;
  readonly sessions: readonly { readonly served: Served; readonly now: string }[];
  readonly lookups: readonly string[];
}

export async function judge({ trust, sessions, lookups }: Case): Promise<Session[]> {
  const store = memoryStore();
  const verdicts: Session[] = [];
  for (const { served, now } of sessions) verdicts.push(await session(trust, store, served, now, lookups));
  return verdicts;
}

async function session(
  trust: Uint8Array,
  store: Store,
  served: Served,
  now: string,
  lookups: readonly string[],
): Promise<Session> {
  let asked = '';
  const copy = new DTufCopy({
    host: 'https://example.com/metadata/',
    layout: 'http',
    repository: 'peer',
    store,
    trust,
    clock: () => new Date(now),
    limits: { attempts: 1 },
    fetch: async (input) => {
      asked = decodeURIComponent(new URL(input instanceof Request ? input.url : input).pathname.slice(1));
      const answer = served.get(asked) ?? 404;
      return typeof answer === 'number'
        ? new Response('', { status: answer })
        : new Response(new Uint8Array(answer));
    },
  });
  const refresh = await said(
    () => asked,
    async () => {
      await copy.pullMetadata();
      return 'ok';
    },
  );
  const targets: Record<string, string> = {};
  for (const path of refresh === 'ok' ? lookups : []) {
    targets[path] = await said(
      () => asked,
      async () => sha256(await (await copy.pullTarget(path)).bytes()),
    );
  }
  return { refresh, held: await heldIn(store, trust), targets };
}

/** What a call answers, or what it refuses, in the words that both clients have. */
async function said(asked: () => string, call: () => Promise<string>): Promise<string> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    return refusal(error, asked());
  }
}

function refusal({ code, clause, role, target, got }: DTufError, asked: string): string {
  switch (code) {
    case 'TARGET_NOT_FOUND':
      return 'absent';
    case 'METADATA_UNSIGNED':
      return `unsigned ${role}`;
    case 'METADATA_EXPIRED':
      return `expired ${role}`;
    case 'METADATA_INVALID':
      return `invalid ${role}`;
    case 'METADATA_ROLLBACK':
      return got === 'no version' ? `dropped ${role}` : `version ${role}`;
    case 'METADATA_MISMATCH':
      return `${clause === '5.5.4' || clause === '5.6.4' ? 'version' : 'other bytes'} ${role}`;
    case 'METADATA_MISSING':
      return clause === '5.6.2' ? `not listed ${role}` : `not had ${asked}`;
    case 'LIMIT_EXCEEDED':
      return role === undefined ? 'too many roles' : `other bytes ${role}`;
    case 'TARGET_MISMATCH':
      return `other bytes ${target}`;
    case 'TARGET_MISSING':
      // An empty answer is told as lost data: so some registries answer for what a garbage collection took.
      return got === '0 bytes' ? `other bytes ${target}` : `not had ${asked}`;
    case 'ACCESS_DENIED':
    case 'REGISTRY_FAILED':
      return `not had ${asked}`;
    default:
      return code;
  }
}

/** Versions of the stored files. Of a first root that nothing followed from we keep nothing: it is given again. */
async function heldIn(store: Store, trust: Uint8Array): Promise<Record<string, number>> {
  const names = ROLES.map((role) => `repository/metadata/current/${role}.json`);
  const stored = await store.read(names);
  const held: Record<string, number> = { root: versionIn(trust) };
  ROLES.forEach((role, i) => {
    const file = stored.get(names[i] ?? '');
    if (file !== undefined) held[role] = versionIn(file.bytes);
  });
  return held;
}

function versionIn(bytes: Uint8Array): number {
  const file = JSON.parse(new TextDecoder().decode(bytes)) as { signed: { version: number } };
  return file.signed.version;
}
