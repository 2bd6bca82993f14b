import { DTufError } from '../errors.ts';
import type { Content } from '../ports.ts';
import type { OpenedBody, RequestBody } from './call.ts';
import { plainBytes } from './digest.ts';
import type { Alive } from './silence.ts';
import { canStreamUploads, refuseRedirects } from './upload-abilities.ts';

/** What can be uploaded: each can be read more than once, from its start. */
export type UploadSource = Content | Blob | Uint8Array;

/** Bytes up to which a body is sent from memory rather than as a stream. */
const smallBody = 4 * 1024 * 1024;
/** Bytes a millisecond that an upload makes at the least, where its progress cannot be seen. */
const slowestUpload = 8;
/** Bytes a millisecond that a registry takes to put away what it was sent, at the least. */
const slowestStorage = 8192;

/**
 * @param length that the content was described with.
 * @param onProgress gets the bytes handed to the connection so far; it begins again at 0 with another attempt.
 */
export function requestBody(
  source: UploadSource,
  length: number,
  onProgress?: (bytes: number) => void,
): RequestBody {
  const open = async (alive: Alive): Promise<OpenedBody> => {
    if (source instanceof Uint8Array)
      return fromMemory(plainBytes(source), source.length, length, alive, onProgress);
    const streams = canStreamUploads();
    // Node's fetch would take a Blob, but hides its progress and its read errors.
    if (source instanceof Blob && (!streams || length <= smallBody)) {
      return fromMemory(source, source.size, length, alive, onProgress);
    }
    const stream = source instanceof Blob ? source.stream() : await openContent(source);
    if (length > smallBody && streams) return fromStream(counted(stream, length, alive, onProgress));
    const blob = await collect(counted(stream, length, alive).stream);
    return fromMemory(blob, blob.size, length, alive, onProgress);
  };
  if (length <= smallBody) return { open };
  return {
    open: async (alive) => {
      const { init, failure } = await open(alive);
      return { init: { ...init, ...refuseRedirects() }, failure };
    },
  };
}

/**
 * Opens what is to be uploaded.
 *
 * @param length that it was described with.
 * @throws DTufError STORAGE_FAILED; the stream ends in DIGEST_MISMATCH where its length is another.
 */
export async function openWhole(source: UploadSource, length: number): Promise<ReadableStream<Uint8Array>> {
  const stream =
    source instanceof Uint8Array
      ? new Blob([plainBytes(source)]).stream()
      : source instanceof Blob
        ? source.stream()
        : await openContent(source);
  return counted(stream, length, () => undefined).stream;
}

function fromMemory(
  body: Blob | BodyInit,
  got: number,
  length: number,
  alive: Alive,
  onProgress: ((bytes: number) => void) | undefined,
): OpenedBody {
  if (got !== length) throw changed(length, got);
  alive(length / slowestUpload);
  onProgress?.(length);
  // Of an empty Blob Deno tells no length, which registries ask for.
  return { init: { body: length === 0 ? new Uint8Array() : body }, failure: () => undefined };
}

function fromStream({ stream, failure }: Counted): OpenedBody {
  return { init: { body: stream, duplex: 'half' }, failure };
}

interface Counted {
  readonly stream: ReadableStream<Uint8Array>;
  failure(): unknown;
}

/** The same bytes, refused where they are not as many as were described. */
function counted(
  source: ReadableStream<Uint8Array>,
  length: number,
  alive: Alive,
  onProgress?: (bytes: number) => void,
): Counted {
  const reader = source.getReader();
  let [sent, failure]: [number, unknown] = [0, undefined];
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { done, value } = await reader.read();
      if (done ? sent !== length : sent + value.length > length) {
        throw changed(length, done ? sent : sent + value.length);
      }
      if (done) {
        alive(length / slowestStorage);
        controller.close();
        return;
      }
      sent += value.length;
      alive(sent === length ? length / slowestStorage : 0);
      controller.enqueue(value);
      onProgress?.(sent);
    } catch (error) {
      failure = unreadable(error);
      controller.error(failure);
      // The source has failed, or is not read on: how it takes that changes nothing.
      reader.cancel(error).catch(() => undefined);
    }
  };
  const stream = new ReadableStream(
    { pull, cancel: (reason) => reader.cancel(reason) },
    { highWaterMark: 0 },
  );
  return { stream, failure: () => failure };
}

/** In steps, so that a browser can keep what was read so far outside of its memory. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  const reader = stream.getReader();
  const blobs: Blob[] = [];
  let [chunks, size]: [Uint8Array<ArrayBuffer>[], number] = [[], 0];
  const flush = (): void => {
    blobs.push(new Blob(chunks));
    [chunks, size] = [[], 0];
  };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(plainBytes(value));
    size += value.length;
    if (size >= smallBody) flush();
  }
  flush();
  return new Blob(blobs);
}

async function openContent(content: Content): Promise<ReadableStream<Uint8Array>> {
  try {
    return await content.open();
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause: unknown): DTufError {
  if (cause instanceof DTufError) return cause;
  return new DTufError('STORAGE_FAILED', 'The content to be uploaded could not be read.', { cause });
}

function changed(expected: number, got: number): DTufError {
  return new DTufError(
    'DIGEST_MISMATCH',
    'The content changed while it was read: it has another length now.',
    {
      expected: `${expected} bytes`,
      got: `${got} bytes`,
    },
  );
}
