import { hasCode } from '../errors.ts';
import type { Call } from '../options.ts';
import type { Destination, Files } from '../ports.ts';
import { partsOf, type Reading } from './reading.ts';
import type { SaveCall, Saved } from './verified-target.ts';
import { verifyParts } from './verify-parts.ts';

/** What is saved, and where to. */
export interface Saving {
  readonly name: string;
  /** In hex, by which what an earlier attempt left is found. */
  readonly sha256: string | undefined;
  readonly files: Files;
  readonly destination: Destination;
  readonly onVerified: SaveCall['onVerified'];
}

/** Writes a target to where the host keeps files; nothing appears there before it is verified. */
export async function saveTarget(saving: Saving, reading: Reading, call: Call): Promise<Saved> {
  const { name, files, destination, onVerified } = saving;
  const parts = await partsOf(name, reading, call.signal);
  let sha256 = destination.resume === false ? undefined : saving.sha256;
  for (;;) {
    const sink = await files.sink(destination, name, parts.total, sha256);
    const { how, kept } = sink;
    const bytesReused = kept?.size ?? 0;
    try {
      await verifyParts(parts, reading, call, 'write', (chunk) => sink.write(chunk), kept);
      await onVerified?.();
      await sink.commit();
      return { how, bytesFetched: parts.total - bytesReused, bytesReused };
    } catch (error) {
      await (isInterruption(error) && sink.pause ? sink.pause() : sink.abort());
      // What was kept may be damaged: once more without it, wherever that now is.
      if (bytesReused === 0 || !hasCode(error, 'TARGET_MISMATCH')) throw error;
      sha256 = undefined;
    }
  }
}

/** Whether the same can go on later from where it ended. */
function isInterruption(error: unknown): boolean {
  return hasCode(error, 'ABORTED', 'UNREACHABLE', 'TIMED_OUT', 'REGISTRY_FAILED');
}
