import { DTufError, hasCode } from '../errors.ts';

/** Runs `work` on the data of a target, and says of what the registry refuses or has lost which target it is. */
export async function ofTarget<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const unnamed =
      hasCode(error, 'NOT_FOUND', 'DIGEST_MISMATCH', 'TARGET_MISSING') && error.target === undefined;
    throw unnamed ? failureOf(name, error) : error;
  }
}

function failureOf(target: string, cause: DTufError): DTufError {
  const { expected, got } = cause;
  // After a garbage collection some registries answer with nothing, in the place of 404.
  if (cause.code !== 'DIGEST_MISMATCH' || got === '0 bytes') {
    return new DTufError(
      'TARGET_MISSING',
      `the registry has lost data of ${target}: it may have been deleted by a garbage collection. The publisher has to push the target again`,
      { target, expected, got, cause },
    );
  }
  return new DTufError(
    'TARGET_MISMATCH',
    `${target} is not what was signed and was refused: ${expected} was expected, ${got} came`,
    { target, clause: '5.7.2', expected, got, cause },
  );
}
