// What `npm run soak` does (bench/soak.js).
import { DTufCopy, DTufError, DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';
import type { Limits } from '../../src/limits.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../registry/fault-proxy.ts';
import { randomFault } from './random-fault.ts';

/** Pulls and publishes wait no longer than this, in milliseconds: what does not end by then hangs. */
const hang = 120_000;
const limits: Partial<Limits> = {
  idle: 2000,
  retryAfter: 50,
  // So that ranges and chunks are met too.
  range: 200_000,
  fast: Number.POSITIVE_INFINITY,
  chunk: 300_000,
};

interface Figures {
  publishes: number;
  pulls: number;
  requests: number;
  faults: number;
  /** By the code of their error. */
  readonly refused: Map<string, number>;
}

/** @returns whether all went well. */
export async function soak(minutes: number): Promise<boolean> {
  const docker = await startDockerRegistry();
  const proxy = await startFaultProxy(docker.url);
  const figures: Figures = { publishes: 0, pulls: 0, requests: 0, faults: 0, refused: new Map() };
  const problems: string[] = [];
  const end = performance.now() + minutes * 60_000;
  const samples: number[] = [];
  const sampling = setInterval(
    () => {
      globalThis.gc?.();
      samples.push(process.memoryUsage().rss / 1e6);
    },
    (minutes * 60_000) / 60,
  );
  try {
    const workers = [1, 2, 3, 4].map((number) =>
      work(number, { docker: docker.host, proxy, figures, problems, end }),
    );
    await Promise.all(workers);
  } finally {
    clearInterval(sampling);
    await proxy.stop();
    await docker.stop();
  }
  report(minutes, figures, samples, problems);
  return problems.length === 0 && isFlat(samples);
}

interface Setting {
  readonly docker: string;
  readonly proxy: FaultProxy;
  readonly figures: Figures;
  readonly problems: string[];
  readonly end: number;
}

/** One repository with a publisher and a client, both behind the faults, one after the other. */
async function work(number: number, { docker, proxy, figures, problems, end }: Setting): Promise<void> {
  const repository = `soak/r${number}`;
  const [store, copyStore, lock] = [memoryStore(), memoryStore(), memoryLock()];
  const common = { repository, lock, passwords: () => 'secret' };
  const direct = new DTufMaster({ ...common, host: docker, store });
  const { publicKey: trust } = await direct.createRootKey();
  await direct.createMetadataKeys();
  await direct.createMetadata();
  await direct.pushMetadata();
  const random = generator(number);
  proxy.add({
    path: new RegExp(`^/v2/${repository}/`),
    fault: (exchange) => {
      figures.requests++;
      if (random() > 0.1) return exchange.forward();
      figures.faults++;
      randomFault(random)(exchange);
    },
  });
  /** What may lie under a name: what was published last, or has been tried since. */
  const possible = new Map<string, Uint8Array[]>();
  const tried = async (what: () => Promise<void>): Promise<boolean> => {
    try {
      await inTime(what());
      return true;
    } catch (error) {
      const code = error instanceof DTufError ? error.code : undefined;
      if (code === undefined) problems.push(`${repository}: ${error instanceof Error ? error.stack : error}`);
      else figures.refused.set(code, (figures.refused.get(code) ?? 0) + 1);
      return false;
    }
  };
  while (performance.now() < end && problems.length < 10) {
    // New ones each time, as the command makes them; also because what a client has learned of a registry stays with it.
    const uploading = random() < 0.3 ? { ...limits, upload: 0 } : limits;
    const master = new DTufMaster({ ...common, host: proxy.host, store, limits: uploading });
    const name = `target-${Math.floor(random() * 3)}`;
    const data = bytesOf(random);
    const before = possible.get(name) ?? [];
    possible.set(name, [...before, data]);
    const published = await tried(async () => {
      await master.pushTarget(name, data);
      await master.pushMetadata();
    });
    if (published) {
      figures.publishes++;
      possible.set(name, [data]);
    } else if (before.length > 5) {
      // So that what is possible stays few: past the faults it must succeed.
      await direct.pushTarget(name, data);
      await direct.pushMetadata();
      possible.set(name, [data]);
    }
    const copy = new DTufCopy({ repository, trust, host: proxy.host, store: copyStore, limits });
    await tried(() => copy.pullMetadata().then(() => undefined));
    for (const [target, allowed] of possible) {
      let got: Uint8Array | undefined;
      const pulled = await tried(async () => {
        got = await (await copy.pullTarget(target)).bytes();
      });
      if (!pulled || !got) continue;
      figures.pulls++;
      const bytes = got;
      // A refresh that failed leaves the client with what was published before, and that is verified too.
      const older = history(target, repository);
      if (![...allowed, ...older].some((one) => Buffer.compare(one, bytes) === 0))
        problems.push(`${repository}: ${target} has bytes that nobody has published`);
    }
    remember(repository, name, data);
    proxy.forget();
  }
}

/** Beginnings of what was published are enough to know it by: all of it would be the memory that we measure. */
const published = new Map<string, Uint8Array[]>();

function history(target: string, repository: string): readonly Uint8Array[] {
  return published.get(`${repository} ${target}`) ?? [];
}

function remember(repository: string, target: string, data: Uint8Array): void {
  const key = `${repository} ${target}`;
  published.set(key, [...(published.get(key) ?? []), data].slice(-8));
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), hang);
  });
  try {
    await Promise.race([work, hangs]);
  } finally {
    clearTimeout(timer);
  }
}

/** From none to a megabyte. */
function bytesOf(random: () => number): Uint8Array<ArrayBuffer> {
  const length = Math.floor(random() ** 3 * 1_000_000);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 64) bytes[i] = random() * 256;
  return bytes;
}

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The last quarter is no more than a quarter above the second: the first warms up. */
function isFlat(samples: readonly number[]): boolean {
  if (samples.length < 8) return true;
  const quarter = (n: number): number => {
    const part = samples.slice((samples.length * n) / 4, (samples.length * (n + 1)) / 4);
    return part.reduce((sum, one) => sum + one, 0) / part.length;
  };
  return quarter(3) <= quarter(1) * 1.25;
}

function report(
  minutes: number,
  figures: Figures,
  samples: readonly number[],
  problems: readonly string[],
): void {
  const refused = [...figures.refused].map(([code, times]) => `${times} ${code}`).join(', ');
  const at = (part: number): string => `${samples[Math.floor((samples.length - 1) * part)]?.toFixed(0)} MB`;
  console.log(
    [
      `${minutes} minutes, ${figures.requests} requests, of which ${figures.faults} were faulty`,
      `${figures.publishes} publishes and ${figures.pulls} pulls succeeded; every pull was right: ${problems.length === 0 ? 'yes' : 'NO'}`,
      `refused: ${refused || 'none'}`,
      `memory (RSS): ${at(0)} at the start, ${at(0.25)}, ${at(0.5)}, ${at(0.75)}, ${at(1)} at the end: ${isFlat(samples) ? 'flat' : 'GROWS'}`,
      ...problems,
    ].join('\n'),
  );
}
