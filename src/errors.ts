/** What went wrong, for programs. The list is part of the API: codes are added, never changed. */
export type Code =
  // how it was called
  | 'INVALID_ARGUMENT'
  | 'NOT_SUPPORTED'
  | 'ABORTED'
  // the local state
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_FAILED'
  | 'STATE_CHANGED'
  | 'LOCKED'
  // trust and metadata
  | 'TRUST_MISSING'
  | 'TRUST_BROKEN'
  | 'METADATA_MISSING'
  | 'METADATA_INVALID'
  | 'METADATA_UNSIGNED'
  | 'METADATA_MISMATCH'
  | 'METADATA_ROLLBACK'
  | 'METADATA_EXPIRED'
  | 'METADATA_EXISTS'
  | 'NOT_A_REPOSITORY'
  | 'LIMIT_EXCEEDED'
  // targets
  | 'TARGET_NOT_FOUND'
  | 'TARGET_RESERVED'
  | 'TARGET_MISMATCH'
  | 'TARGET_MISSING'
  | 'NO_CONSENSUS'
  | 'TOO_LARGE'
  // keys
  | 'KEY_MISSING'
  | 'KEY_PASSWORD'
  | 'KEY_INVALID'
  // the registry
  | 'ACCESS_DENIED'
  | 'NOT_FOUND'
  | 'DIGEST_MISMATCH'
  | 'REGISTRY_FAILED'
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  | 'OVERWRITTEN';

/** Where an error arose, as far as it is known. */
export interface ErrorDetails {
  /** The TUF role whose metadata was looked at. */
  readonly role?: string | undefined;
  readonly target?: string | undefined;
  /** The clause of the TUF specification 1.0.34 that was not met, as in `5.5.5`. */
  readonly clause?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  readonly cause?: unknown;
}

/** The one error that this library throws. */
export class DTufError extends Error {
  override readonly name = 'DTufError';
  readonly code: Code;
  readonly role: string | undefined;
  readonly target: string | undefined;
  readonly clause: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.role = details.role;
    this.target = details.target;
    this.clause = details.clause;
    this.expected = details.expected;
    this.got = details.got;
  }
}

/** Whether `error` is ours and has one of `codes`. */
export function hasCode(error: unknown, ...codes: Code[]): error is DTufError {
  return error instanceof DTufError && codes.includes(error.code);
}
