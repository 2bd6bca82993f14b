// Every fault at every request of a publish and of a pull, by a proxy before a real registry. The table is printed.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DTufCopy, DTufError, DTufMaster, memoryLock, memoryStore, type Signer } from '../../src/index.ts';
import type { Limits } from '../../src/limits.ts';
import type { Role } from '../../src/tuf/metadata.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';
import { client } from '../core/people.ts';
import { expectSame, noise } from './content.ts';
import { type DockerRegistry, describeWithDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import {
  answer,
  cutAfter,
  type Exchange,
  type Fault,
  type FaultProxy,
  refuse,
  reset,
  rewrite,
  silence,
  startFaultProxy,
  withHeaders,
} from './fault-proxy.ts';

/** The request is handled, and this is what is heard of it. */
const handled =
  (then: (exchange: Exchange) => void): Fault =>
  (exchange) =>
    exchange.forward({
      pipe: (from) => {
        from.resume();
        then(exchange);
      },
    });

const lie = `sha256:${'0'.repeat(64)}`;

const faults: Readonly<Record<string, Fault>> = {
  'reset, nothing handled': reset,
  'reset, handled': handled(({ response }) => response.destroy()),
  'silence, nothing handled': silence,
  'silence, handled': handled(() => undefined),
  '500, nothing handled': refuse(500, 'UNKNOWN', 'boom'),
  '500, handled': handled(({ response }) => response.writeHead(500, { 'content-length': 0 }).end()),
  '503 with Retry-After': answer(503, 'later', { 'Retry-After': '1' }),
  '429': refuse(429, 'TOOMANYREQUESTS', '', { 'Retry-After': '1' }),
  '403': refuse(403, 'DENIED'),
  '404': refuse(404, 'NAME_UNKNOWN'),
  'a body that breaks off': cutAfter(20),
  'a body of half the length': rewrite((body) => body.subarray(0, body.length >> 1)),
  'garbage for JSON': answer(200, '{"schemaVersion":', { 'Content-Type': 'application/json' }),
  'other bytes': rewrite((body) => body.map((byte) => byte ^ 1)),
  'another digest': withHeaders({ 'docker-content-digest': lie }),
};

/** Met once; these also from a request on, as if the registry had died. */
const lasting = ['reset, nothing handled', '503 with Retry-After'];

/** Where silence is the fault it is not waited for long. */
const patience = (row: Row): Partial<Limits> => ({
  retryAfter: 5,
  idle: row.name.startsWith('silence') ? 250 : 10_000,
});
const old = noise(3000, 700);

interface Row {
  readonly name: string;
  readonly fault: Fault;
  readonly lasts: boolean;
  readonly lies: boolean;
}

interface Struck {
  readonly outcome: Outcome;
  readonly requests: readonly string[];
}

/** Says that it has done what it has not: nobody can know before the next look. */
const lying = ['garbage for JSON'];
/** Always got over when met once. */
const passing = [
  'reset, nothing handled',
  'reset, handled',
  '500, nothing handled',
  '500, handled',
  '503 with Retry-After',
  '429',
  'a body that breaks off',
];

/** What came of a cell: right bytes, or an error that is one of ours. */
type Outcome = 'right' | DTufError;

describeWithDockerRegistry('the table of faults', () => {
  let docker: DockerRegistry;
  let proxy: FaultProxy;
  let keys: Record<Role, Signer>;
  let rootKey: string;
  let count = 0;

  beforeAll(async () => {
    docker = await startDockerRegistry();
    proxy = await startFaultProxy(docker.url);
    const pairs = await Promise.all([1, 2, 3, 4].map(() => generateKeyPair('ed25519')));
    const [root, targets, snapshot, timestamp] = await Promise.all(pairs.map(({ pkcs8 }) => signerOf(pkcs8)));
    if (!root || !targets || !snapshot || !timestamp) throw new Error('four keys were made');
    keys = { root, targets, snapshot, timestamp };
    rootKey = pairs[0]?.publicPem ?? '';
  });
  afterAll(async () => {
    await proxy?.stop();
    await docker?.stop();
  });

  /** A repository with one target, its publisher, and a client that has seen it. */
  const repository = async () => {
    const name = `table/r${++count}`;
    const store = memoryStore();
    const master = (host: string, limits: Partial<Limits> = {}) =>
      new DTufMaster({ host, repository: name, store, lock: memoryLock(), keys, limits });
    const direct = master(docker.host);
    await direct.createMetadata();
    await direct.pushTarget('old', old);
    await direct.pushMetadata();
    const copyStore = memoryStore();
    const copy = client(docker.host, name, { trust: rootKey, store: copyStore });
    await copy.pullMetadata();
    const throughProxy = (row: Row) =>
      new DTufCopy({ host: proxy.host, repository: name, store: copyStore, limits: patience(row) });
    return { name, direct, copy, throughProxy, faulty: (row: Row) => master(proxy.host, patience(row)) };
  };

  /** Counts the requests of a repository, and applies the fault to one, or to it and all later ones. */
  const strike = (name: string, at: number, { fault, lasts }: Row) => {
    const requests: string[] = [];
    proxy.add({
      path: new RegExp(`^/v2/${name}/`),
      fault: (exchange) => {
        requests.push(exchange.request.method ?? '');
        const struck = requests.length === at || (requests.length > at && lasts);
        if (struck) fault(exchange);
        else exchange.forward();
      },
    });
    return requests;
  };

  const publish = async (master: DTufMaster, data: Uint8Array): Promise<void> => {
    await master.pushTarget('new', data);
    await master.pushMetadata();
  };

  const outcomeOf = async (work: Promise<unknown>): Promise<Outcome> => {
    let timer: NodeJS.Timeout | undefined;
    const hang = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('it hangs')), 40_000);
    });
    try {
      await Promise.race([work, hang]);
      return 'right';
    } catch (error) {
      if (error instanceof DTufError) return error;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  const expectTarget = async (copy: DTufCopy, name: string, bytes: Uint8Array): Promise<void> => {
    expectSame(await (await copy.pullTarget(name)).bytes(), bytes);
  };

  /** One repository a row, and one fault after the other in it. */
  const publishes = async (row: Row, cells: readonly number[]): Promise<Struck[]> => {
    const { name, direct, copy, faulty } = await repository();
    const struck: Struck[] = [];
    for (const at of cells) {
      const data = noise(5000, 1000 + at);
      const requests = strike(name, at, row);
      const outcome = await outcomeOf(publish(faulty(row), data));
      // Clients verify at every moment, and never see other bytes.
      await copy.pullMetadata();
      await expectTarget(copy, 'old', old);
      if (outcome !== 'right' || row.lies) {
        await publish(direct, data);
        await copy.pullMetadata();
      }
      await expectTarget(copy, 'new', data);
      struck.push({ outcome, requests });
    }
    return struck;
  };

  const pulls = async (row: Row, cells: readonly number[]): Promise<Struck[]> => {
    const { name, direct, copy, throughProxy } = await repository();
    const struck: Struck[] = [];
    for (const at of cells) {
      const data = noise(5000, 2000 + at);
      await publish(direct, data);
      const requests = strike(name, at, row);
      const pull = async (): Promise<void> => {
        const reader = throughProxy(row);
        await reader.pullMetadata();
        await expectTarget(reader, 'new', data);
      };
      const outcome = await outcomeOf(pull());
      await copy.pullMetadata();
      await expectTarget(copy, 'new', data);
      struck.push({ outcome, requests });
    }
    return struck;
  };

  const printed: string[] = [];

  it.each([
    ['publish', publishes],
    ['pull', pulls],
  ] as const)(
    'a %s has right bytes or a clear error in each cell, and can be repeated (ATTACKS 58, 59, 66, 81)',
    async (what, run) => {
      const [{ requests = [] } = {}] = await run({ name: '', fault: reset, lasts: false, lies: false }, [0]);
      const cells = requests.map((_, i) => i + 1);
      const rows = Object.entries(faults).flatMap(([name, fault]) =>
        [false, true]
          .filter((lasts) => !lasts || lasting.includes(name))
          .map((lasts) => ({ name, fault, lasts, lies: lying.includes(name) })),
      );
      const table = await Promise.all(
        rows.map(async (row) => {
          const struck = await run(row, cells);
          return { row, outcomes: struck.map(({ outcome }) => outcome) };
        }),
      );
      printed.push('', `${what}: ${requests.length} requests: ${requests.join(' ')}`);
      for (const { row, outcomes } of table) {
        const title = `${row.name}${row.lasts ? ', from then on' : ''}`;
        printed.push(`${title.padEnd(38)} ${outcomes.map(markOf).join(' ')}`);
      }
      // What helps is done: a failure that is met once is got over.
      for (const name of passing) {
        const found = table.find(({ row }) => row.name === name && !row.lasts)?.outcomes ?? [];
        expect([name, ...found.map(markOf)]).toEqual([name, ...cells.map(() => '.')]);
      }
    },
    240_000,
  );

  it('is printed', () => {
    const codes = Object.entries(letters).map(([code, letter]) => `${letter} ${code}`);
    process.stdout.write(
      `\nA column is a request. . right bytes; ${codes.join('; ')}\n${printed.join('\n')}\n`,
    );
    expect(printed.length).toBeGreaterThan(2 * Object.keys(faults).length);
  });
});

const letters: Readonly<Record<string, string>> = {
  UNREACHABLE: 'U',
  TIMED_OUT: 'T',
  REGISTRY_FAILED: 'R',
  ACCESS_DENIED: 'A',
  NOT_FOUND: 'N',
  DIGEST_MISMATCH: 'D',
  NOT_A_REPOSITORY: 'F',
  TARGET_MISMATCH: 'M',
  TARGET_MISSING: 'L',
  METADATA_MISSING: 'L',
};

function markOf(outcome: Outcome): string {
  return outcome === 'right' ? '.' : (letters[outcome.code] ?? outcome.code);
}
