import { late } from '../late.ts';
import type { Call } from './call.ts';
import { type Bytewise, Download, type Span } from './download.ts';
import type { Transport } from './transport.ts';

/**
 * Begins to fetch a span: over one connection, to which others are added where it is large and comes slowly.
 *
 * @throws DTufError NOT_FOUND, DIGEST_MISMATCH where the blob ends before the span, and the transport's.
 */
export async function openSpan(
  transport: Transport,
  span: Span,
  call: Omit<Call, 'method' | 'headers'>,
): Promise<Bytewise> {
  const { range, ranges } = transport.limits;
  if (ranges < 2 || span.end - span.start <= 2 * range) {
    const download = new Download(transport, span, call);
    await download.connect();
    return download;
  }
  const { PartedDownload } = await late(import('./parted-download.ts'));
  const parts = new PartedDownload(transport, span, call);
  await parts.connect();
  return parts;
}

/** What is handed out, as a stream that is read no sooner than it is asked for. */
export function streamOut(source: Bytewise): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const chunk = await source.next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}
