import { DTufError } from '../errors.ts';
import type { Call } from './call.ts';
import type { Digest } from './digest.ts';
import { refusedWith } from './registry-answer.ts';
import type { Answer, Transport } from './transport.ts';
import type { UploadSource } from './upload-body.ts';
import type { UploadOptions } from './upload-options.ts';

/** What an upload works with. */
export interface UploadTask {
  readonly transport: Transport;
  readonly repository: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly content: UploadSource;
  readonly options: UploadOptions;
  /** Whether the blob can really be had by now. */
  readonly isThere: () => Promise<boolean>;
}

/** A request that was larger than the registry takes; the `cause` is what to throw where nothing can be done about it. */
export class SizeRefused extends Error {
  override readonly cause: DTufError;
  /** Of the request's body, in bytes. */
  readonly size: number;

  constructor(size: number, cause: DTufError) {
    super(cause.message);
    this.size = size;
    this.cause = cause;
  }
}

/** The first request of an upload. */
export function beginning({ transport, repository, digest, options }: UploadTask): Call {
  return {
    method: 'POST',
    url: new URL(`/v2/${repository}/blobs/uploads/`, transport.registry),
    scope: `repository:${repository}:pull,push`,
    doing: `to upload the blob ${digest}`,
    signal: options.signal,
  };
}

/** The error for an upload that was not taken. */
export async function refusedUpload(task: UploadTask, answer: Answer): Promise<DTufError> {
  const error = await task.transport.refuse(beginning(task), answer);
  if (answer.status === 413 || !refusedWith(error, 'DIGEST_INVALID', 'SIZE_INVALID')) return error;
  return new DTufError(
    'DIGEST_MISMATCH',
    'The registry got other bytes than described: the content changed while it was read.',
    { expected: task.digest, cause: error },
  );
}

/** @throws DTufError DIGEST_MISMATCH */
export function checkNamed(digest: Digest, headers: Headers): void {
  const stored = headers.get('docker-content-digest') ?? digest;
  // Another algorithm is another name for what may be the same bytes.
  if (!stored.startsWith('sha256:') || stored === digest) return;
  throw new DTufError('DIGEST_MISMATCH', 'The registry stored the blob under another digest.', {
    expected: digest,
    got: stored.slice(0, 80),
  });
}
