// The registry that `npm run demo` serves beside the page, with what the command has published in it.
import { openPrivateKey, signerOf } from './dtuf.ts';
import { base, releasesOf, type World } from './world.ts';

/** What `npm run demo` tells of it. The file that a static host serves has nothing of this. */
export interface Served {
  readonly repository: string;
  readonly text: string;
  readonly data: string;
  /** The timestamp key as the publisher keeps it, and its password: somebody looked over a shoulder. */
  readonly stolen: { readonly pem: string; readonly password: string };
}

/** @returns undefined where there is no such registry beside the page. */
export async function servedWorld(): Promise<World | undefined> {
  const served = await readServed();
  if (served === undefined) return undefined;
  const registry = { fetch: ((input, init) => fetch(input, { ...init, cache: 'no-store' })) as typeof fetch };
  const { repository, text, data, stolen } = served;
  return {
    registry,
    host: base(),
    repository,
    rootKey: await (await fetch('root_key.pub')).text(),
    rootKeyAddress: new URL('root_key.pub', document.baseURI).href,
    text,
    data,
    releases: () => releasesOf(registry, repository),
    // Done in the terminal, before the page was opened.
    publishUpdate: async () => undefined,
    stolenTimestampKey: async () => signerOf(await openPrivateKey(stolen.pem, stolen.password)),
  };
}

async function readServed(): Promise<Served | undefined> {
  try {
    const response = await fetch('demo.json', { headers: { Accept: 'application/json' }, cache: 'no-store' });
    const served = (await response.json()) as Partial<Served>;
    return served.repository === undefined ? undefined : (served as Served);
  } catch {
    // A host that left the file out has no registry to tell of.
    return undefined;
  }
}
