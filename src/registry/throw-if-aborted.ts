import { aborted } from './errors.ts';

/** @throws DTufError ABORTED, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}
