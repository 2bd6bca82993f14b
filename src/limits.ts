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
  /** Size of an error body, a token, a list page. */
  readonly answer: number;
  /** What `bytes()` and its like hold at once. */
  readonly memory: number;
  /** What is verified in memory rather than in a spool, though it is handed out as a stream. */
  readonly unspooled: number;
  /** Redirects followed for one request. */
  readonly redirects: number;
  /** Silence on a connection before it is given up. */
  readonly idle: number;
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
  memory: 64 * MiB,
  unspooled: 4 * MiB,
  redirects: 5,
  idle: 60_000,
  attempts: 3,
  retryAfter: 30_000,
});
