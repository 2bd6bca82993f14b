import { DTufError, hasCode } from '../errors.ts';

/** Tells whoever meets expired metadata or a broken chain of roots what to do. */
export function withAdvice(error: unknown): unknown {
  const advice = adviceFor(error);
  if (advice === undefined || !(error instanceof DTufError)) return error;
  return new DTufError(error.code, `${error.message}. ${advice}`, { ...error, cause: error });
}

function adviceFor(error: unknown): string | undefined {
  if (hasCode(error, 'METADATA_EXPIRED')) {
    return 'The publisher has to sign it anew (push-metadata, for the root reset-keys before), or the clock here is wrong';
  }
  if (hasCode(error, 'METADATA_UNSIGNED', 'METADATA_ROLLBACK') && error.role === 'root') {
    return 'If the publisher replaced the root key without the one of before, ask for the new root key and begin anew with it: pull-metadata --reset-trust';
  }
  return undefined;
}
