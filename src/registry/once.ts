import { DTufError, hasCode } from '../errors.ts';
import type { Call } from './call.ts';
import type { Answer, Transport } from './transport.ts';

/** What is to happen once, though its answer may get lost. */
export interface Deed {
  readonly call: Call;
  /** Whether it has happened. */
  readonly isDone: () => Promise<boolean>;
  /** @param risk is called before the request after which it may have happened. */
  readonly attempt: (risk: () => void) => Promise<Answer>;
}

/**
 * Does something whose repetition would be harm or waste: where an attempt ended without a word on whether it
 * happened, it looks before it tries again, and before it gives up.
 *
 * @returns the last answer; undefined where a look found it done.
 */
export async function doOnce(transport: Transport, deed: Deed): Promise<Answer | undefined> {
  let inDoubt = false;
  let last: Answer | undefined;
  const wasDone = async (): Promise<boolean> => inDoubt && deed.isDone().catch(unknown);
  try {
    await transport.repeated(deed.call, async () => {
      last = undefined;
      if (inDoubt && (await deed.isDone().catch(unseen))) return new Response(null, { status: 201 });
      inDoubt = false;
      last = await deed.attempt(() => {
        inDoubt = true;
      });
      inDoubt &&= last.status === 408 || last.status >= 500;
      return last.response;
    });
  } catch (error) {
    if (hasCode(error, 'UNREACHABLE', 'TIMED_OUT') && (await wasDone())) return undefined;
    throw error;
  }
  return last && (await wasDone()) ? undefined : last;
}

/** Who may not look, or cannot, has to try again. */
function unseen(error: unknown): false {
  if (!(error instanceof DTufError) || error.code === 'ABORTED') throw error;
  return false;
}

/** The last look, where it fails, proves nothing: the error before it is the one that counts. */
function unknown(error: unknown): false {
  if (hasCode(error, 'ABORTED')) throw error;
  return false;
}
