import { aborted } from './registry/errors.ts';

/** @throws DTufError ABORTED, as the registry client does, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}
