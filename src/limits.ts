/** Every bound on what comes from outside, in one place. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** Size of a root file. */
  readonly root: number;
  /** Size of a timestamp file. */
  readonly timestamp: number;
  /** Size of a snapshot file where the timestamp does not say. */
  readonly snapshot: number;
  /** Size of a targets file where the snapshot does not say. */
  readonly targets: number;
  /** Root versions followed in one refresh (TUF 5.3.3). */
  readonly rootRotations: number;
  /**
   * Roles visited in the search for one target, `targets` included (TUF 5.6.7.1). Each may cost a request. 33 are
   * `targets` and 32 delegations: what python-tuf's client visits, so that both find the same targets.
   */
  readonly rolesVisited: number;
  /**
   * Characters of names and of path patterns that are compared to tell which delegated targets a refresh changed. What is
   * above is not told; finding a target by its name is bounded by `rolesVisited`.
   */
  readonly comparisons: number;
  /** Size of an OCI manifest. Registries take 4 MiB (distribution-spec). */
  readonly manifest: number;
  /** Layers of an OCI manifest. */
  readonly layers: number;
  /** Size of an error body, a token, the answer to an upload. */
  readonly answer: number;
  /** Size of a page of a list. Some registries send all tags in one, of about a hundred bytes each. */
  readonly list: number;
  /** What `bytes()` and its like hold at once. */
  readonly memory: number;
  /** What is verified in memory rather than in a spool, though it is handed out as a stream. */
  readonly unspooled: number;
  /** Redirects followed for one request. */
  readonly redirects: number;
  /** Requests under way to one host at once. */
  readonly requests: number;
  /** Bytes a second above which one connection is enough for a blob. */
  readonly fast: number;
  /** Size of the ranges in which a large blob is fetched where that is slow. */
  readonly range: number;
  /** Ranges of one blob that are fetched at once. As many are held in memory. */
  readonly ranges: number;
  /** Size up to which a blob is uploaded in one request; a larger one goes in chunks. What a registry refuses is learned. */
  readonly upload: number;
  /** Size of the chunks of an upload. A registry may ask for larger ones. */
  readonly chunk: number;
  /** Silence on a connection before it is given up. */
  readonly idle: number;
  /** Bytes a second under which a connection counts as silent. */
  readonly slowest: number;
  /** The whole of a request whose answer is small (all but uploads and the data of blobs). */
  readonly total: number;
  /** Attempts of a request that may be repeated. */
  readonly attempts: number;
  /** The longest wait that a registry may ask for with Retry-After. */
  readonly retryAfter: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultLimits: Limits = Object.freeze({
  root: 512 * KiB,
  timestamp: 16 * KiB,
  snapshot: 2 * MiB,
  targets: 32 * MiB,
  rootRotations: 256,
  rolesVisited: 33,
  comparisons: 50_000_000,
  manifest: 4 * MiB,
  layers: 10_000,
  answer: 1 * MiB,
  list: 32 * MiB,
  memory: 64 * MiB,
  unspooled: 4 * MiB,
  redirects: 5,
  requests: 6,
  fast: 32 * MiB,
  range: 4 * MiB,
  ranges: 4,
  upload: Number.POSITIVE_INFINITY,
  chunk: 4 * MiB,
  idle: 60_000,
  slowest: 1024,
  total: 300_000,
  attempts: 3,
  retryAfter: 30_000,
});
