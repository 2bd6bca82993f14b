/**
 * A stream of what `work` writes. A write waits until the reader wants more, `work`'s failure is the stream's, and
 * after the reader has cancelled the next write fails.
 */
export function writtenStream(
  work: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
): ReadableStream<Uint8Array> {
  let resume = () => {};
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const write = async (chunk: Uint8Array) => {
        if (cancelled) throw new Error('the reader has cancelled the stream');
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) > 0) return;
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      };
      // Not awaited: a stream begins to be read only when start() has ended.
      work(write).then(
        () => cancelled || controller.close(),
        (error: unknown) => cancelled || controller.error(error),
      );
    },
    pull() {
      resume();
    },
    cancel() {
      cancelled = true;
      resume();
    },
  });
}
