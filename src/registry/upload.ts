import { hasCode } from '../errors.ts';
import { ChunkedUpload } from './chunked-upload.ts';
import { doOnce } from './once.ts';
import type { Answer } from './transport.ts';
import { closingAddress, uploadLocation } from './upload-address.ts';
import { requestBody } from './upload-body.ts';
import { UploadSize } from './upload-size.ts';
import { beginning, checkNamed, refusedUpload, SizeRefused, type UploadTask } from './upload-task.ts';

/**
 * Uploads a blob in one request (distribution-spec v1.1, "POST then PUT"), or in chunks where it is larger than the
 * registry takes in one. What failed begins anew, with the content opened again.
 *
 * @throws DTufError DIGEST_MISMATCH where the content is not (or no longer) what the descriptor says; ACCESS_DENIED.
 */
export async function upload(task: UploadTask): Promise<void> {
  const { transport } = task;
  transport.uploadSize ??= new UploadSize(transport.limits);
  const { uploadSize } = transport;
  let begun = task.options.mountFrom === undefined ? undefined : await mount(task, task.options.mountFrom);
  for (;;) {
    if (begun?.status === 201) return;
    try {
      if (uploadSize.takesWhole(task.size)) await uploadWhole(task, begun);
      else await new ChunkedUpload(task, uploadSize.chunk).run(begun);
      return;
    } catch (error) {
      if (!(error instanceof SizeRefused)) throw error;
      if (!uploadSize.refused(error.size)) throw error.cause;
      begun = undefined;
    }
  }
}

/**
 * Asks for a blob of another repository (distribution-spec v1.1, "Mounting a blob from another repository").
 *
 * @returns the answer: 201 where the blob is there now, 202 where an upload has begun; undefined where it was no use.
 */
async function mount(task: UploadTask, from: string): Promise<Answer | undefined> {
  const { transport, digest, isThere } = task;
  const start = beginning(task);
  const url = new URL(start.url);
  url.searchParams.set('mount', digest);
  url.searchParams.set('from', from);
  const call = { ...start, url, scope: `${start.scope} repository:${from}:pull` };
  try {
    const answer = await transport.ask(call, transport.limits.answer);
    // A registry may know a blob by name that a garbage collection took.
    if (answer.status === 202 || (answer.status === 201 && (await isThere()))) return answer;
  } catch (error) {
    // Who may not read the other repository may still be allowed to upload.
    if (!hasCode(error, 'ACCESS_DENIED')) throw error;
  }
  return undefined;
}

async function uploadWhole(task: UploadTask, mounting: Answer | undefined): Promise<void> {
  const { transport, digest, size, content, options, isThere } = task;
  const { answer: bound } = transport.limits;
  const start = beginning(task);
  const body = requestBody(content, size, options.onProgress);
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(size) };
  let [begun, sent] = [mounting, false];
  const answer = await doOnce(transport, {
    call: start,
    // All of it need not be sent again where only the answer got lost.
    isDone: isThere,
    attempt: async (risk) => {
      const first = begun ?? (await transport.attempt(start, bound));
      [begun, sent] = [undefined, first.response.ok];
      if (!first.response.ok) return first;
      const url = closingAddress(uploadLocation(first.headers, start.url), digest);
      risk();
      return transport.attempt({ ...start, method: 'PUT', url, headers, body }, bound);
    },
  });
  if (answer === undefined) options.onProgress?.(size);
  else await checkStored(task, answer, sent);
}

/** @throws DTufError where a registry has not stored a blob; SizeRefused where it was too large for one request. */
async function checkStored(task: UploadTask, answer: Answer, sent: boolean): Promise<void> {
  if (answer.response.ok) {
    checkNamed(task.digest, answer.headers);
    return;
  }
  const error = await refusedUpload(task, answer);
  // Deno streams without a length, which some registries insist on (411): chunks have one.
  const tooLarge = answer.status === 413 || answer.status === 411;
  throw sent && tooLarge ? new SizeRefused(task.size, error) : error;
}
