import type { Alive } from './silence.ts';

/** A request. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** What is being done, for the error: `to fetch the manifest 1.0 of fred/demo`. */
  readonly doing: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a token must allow. */
  readonly scope?: string;
  /** The Authorization of a token server, in the place of the registry's. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody;
  readonly cache?: 'no-cache' | 'no-store' | undefined;
  readonly signal?: AbortSignal | undefined;
  /** When the whole of it must have ended, by the clock of `performance`. */
  readonly until?: number;
}

/** What changes something is not sent elsewhere. */
export function mayFollow({ method }: Call): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The body of a request, opened anew for each attempt. */
export interface RequestBody {
  open(alive: Alive): Promise<OpenedBody>;
}

export interface OpenedBody {
  /** For the request. Its `redirect`, where there is one, counts. */
  readonly init: {
    readonly body: NonNullable<RequestInit['body']>;
    readonly duplex?: 'half';
    readonly redirect?: NonNullable<RequestInit['redirect']>;
  };
  /** What went wrong with the source, where it is to blame for a failed request. */
  failure(): unknown;
}
