/**
 * Ends the body of `response` with the signal's reason when that is aborted, as the body of a `fetch` ends.
 *
 * @throws the signal's reason where it is aborted already.
 */
export function untilAborted(response: Response, signal: AbortSignal): Response {
  if (signal.aborted) {
    void response.body?.cancel(signal.reason);
    throw signal.reason;
  }
  if (!response.body) return response;
  const { status, headers } = response;
  return new Response(abortable(response.body, signal), { status, headers });
}

function abortable(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let abort: () => void = () => undefined;
  const forget = () => signal.removeEventListener('abort', abort);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        abort = () => {
          controller.error(signal.reason);
          // The reader of the body is told the reason; the source has nothing to add.
          void reader.cancel(signal.reason).catch(() => undefined);
        };
        signal.addEventListener('abort', abort, { once: true });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (!done) return controller.enqueue(value);
        forget();
        controller.close();
      },
      cancel(reason) {
        forget();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
