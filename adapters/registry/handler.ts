/** Which request goes where: OCI distribution specification 1.1, "Endpoints". */
import { DTufError } from '../../src/errors.ts';
import { untilAborted } from './abort.ts';
import { json, notAllowed, refuse } from './answer.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import { isPreflight, preflight, share } from './cors.ts';
import { digestGrammar, isDigest } from './digest.ts';
import { getCatalog, getTags } from './listing.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { isRepositoryName, isTag } from './name.ts';
import { getReferrers } from './referrers.ts';
import { type Asked, parseRequest } from './request.ts';
import type { RegistryStorage } from './storage.ts';
import { type UploadLimits, Uploads } from './uploads.ts';

/** Bounds of an embedded registry, in bytes but for the number of uploads. */
export interface RegistryLimits extends UploadLimits {
  /** Size of a manifest: 4 MiB, as the specification asks every registry to take. */
  readonly manifest: number;
}

export interface HandlerOptions {
  readonly storage: RegistryStorage;
  readonly allowOrigin: string | undefined;
  readonly readOnly: boolean;
  readonly deletes: boolean;
  readonly limits: RegistryLimits;
  readonly onError: (error: unknown) => void;
}

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Handler {
  readonly #options: HandlerOptions;
  readonly #uploads: Uploads;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#uploads = new Uploads(options.storage, options.limits);
  }

  /** Takes what `fetch` takes. Rejects, as `fetch` does, only where the body of the request breaks off. */
  async fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    const asked = parseRequest(input, init);
    if (!asked) return refuse(400, 'NAME_INVALID', 'the address is not percent-encoded UTF-8');
    asked.signal?.throwIfAborted();
    const { allowOrigin } = this.#options;
    if (allowOrigin !== undefined && isPreflight(asked)) return preflight(allowOrigin);
    const response = asked.signal
      ? untilAborted(await this.#answer(asked), asked.signal)
      : await this.#answer(asked);
    // A body that nobody read: its source is let go.
    if (asked.body && !asked.body.locked) void asked.body.cancel().catch(() => undefined);
    if (allowOrigin !== undefined) share(asked, response, allowOrigin);
    return asked.method === 'HEAD' ? withoutBody(response) : response;
  }

  async #answer(asked: Asked): Promise<Response> {
    try {
      return this.#refuseByMode(asked) ?? (await this.#route(asked));
    } catch (error) {
      if (asked.signal?.aborted) throw asked.signal.reason;
      if (error instanceof DTufError && error.code === 'ABORTED') throw error;
      this.#options.onError(error);
      return failure(error);
    }
  }

  #refuseByMode({ method, path }: Asked): Response | undefined {
    const { readOnly, deletes } = this.#options;
    if (readOnly && !readingMethods.has(method)) {
      return refuse(405, 'UNSUPPORTED', 'this registry is read-only');
    }
    // An upload that is given up was never there.
    const deleting = method === 'DELETE' && !path.includes('/blobs/uploads/');
    return deleting && !deletes ? refuse(405, 'UNSUPPORTED', 'nothing is deleted here') : undefined;
  }

  async #route(asked: Asked): Promise<Response> {
    const { storage, limits } = this.#options;
    const reading = asked.method === 'GET' || asked.method === 'HEAD';
    if (/^\/v2\/?$/.test(asked.path)) return reading ? json(200, {}) : notAllowed('GET', 'HEAD');
    if (asked.path === '/v2/_catalog')
      return reading ? getCatalog(storage, asked) : notAllowed('GET', 'HEAD');
    // The last words decide: a name may hold `blobs`, `manifests` and `tags` as components of its own.
    const tags = /^\/v2\/(.+)\/tags\/list$/.exec(asked.path)?.[1];
    const [name = tags, kind, reference = ''] =
      /^\/v2\/(.+)\/(manifests|referrers|blobs\/uploads|blobs)\/([^/]*)$/.exec(asked.path)?.slice(1) ?? [];
    if (name === undefined) return refuse(404, 'UNSUPPORTED', 'there is nothing at this address');
    if (!isRepositoryName(name)) return refuse(400, 'NAME_INVALID', 'that is no name of a repository');
    if (kind === undefined) return reading ? getTags(storage, asked, name) : notAllowed('GET', 'HEAD');
    if (kind === 'referrers') {
      if (!reading) return notAllowed('GET', 'HEAD');
      return getReferrers(storage, asked, name, reference, limits.manifest);
    }
    if (kind === 'manifests') return this.#manifest(asked, name, reference);
    return kind === 'blobs' ? this.#blob(asked, name, reference) : this.#upload(asked, name, reference);
  }

  async #manifest(asked: Asked, name: string, reference: string): Promise<Response> {
    const { storage, limits } = this.#options;
    if (!isTag(reference) && !isDigest(reference)) {
      return reference.includes(':')
        ? refuse(400, 'DIGEST_INVALID', digestGrammar)
        : refuse(400, 'TAG_INVALID', 'a tag has 1 to 128 of the characters A-Z a-z 0-9 _ . -');
    }
    switch (asked.method) {
      case 'GET':
      case 'HEAD':
        return getManifest(storage, asked, name, reference, limits.manifest);
      case 'PUT':
        return putManifest(storage, asked, name, reference, limits.manifest);
      case 'DELETE':
        return deleteManifest(storage, name, reference);
      default:
        return notAllowed('GET', 'HEAD', 'PUT', 'DELETE');
    }
  }

  async #blob(asked: Asked, name: string, digest: string): Promise<Response> {
    const { storage } = this.#options;
    // `POST …/blobs/uploads`, without the last slash, is what some clients send.
    if (digest === 'uploads' && asked.method === 'POST') return this.#uploads.start(asked, name);
    if (!isDigest(digest)) return refuse(400, 'DIGEST_INVALID', digestGrammar);
    if (asked.method === 'DELETE') return deleteBlob(storage, name, digest);
    if (asked.method === 'GET' || asked.method === 'HEAD') return getBlob(storage, asked, name, digest);
    return notAllowed('GET', 'HEAD', 'DELETE');
  }

  async #upload(asked: Asked, name: string, id: string): Promise<Response> {
    if (id === '') return asked.method === 'POST' ? this.#uploads.start(asked, name) : notAllowed('POST');
    switch (asked.method) {
      case 'GET':
      case 'HEAD':
        return this.#uploads.status(name, id);
      case 'PATCH':
        return this.#uploads.append(asked, name, id);
      case 'PUT':
        return this.#uploads.close(asked, name, id);
      case 'DELETE':
        return this.#uploads.cancel(name, id);
      default:
        return notAllowed('GET', 'HEAD', 'PATCH', 'PUT', 'DELETE');
    }
  }
}

function withoutBody(response: Response): Response {
  void response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}

/** What failed inside. The words of a DTufError are ours and name no path; those of other errors stay here. */
function failure(error: unknown): Response {
  if (!(error instanceof DTufError)) return refuse(500, 'UNKNOWN', 'the registry failed');
  if (error.code === 'TOO_LARGE') return refuse(507, 'UNKNOWN', error.message);
  if (error.code === 'LOCKED') return refuse(503, 'UNKNOWN', error.message, { 'Retry-After': '1' });
  return refuse(500, 'UNKNOWN', error.message);
}
