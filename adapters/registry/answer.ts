/** The error codes of the OCI distribution specification 1.1, and the one of distribution for the page size. */
export type ErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'PAGINATION_NUMBER_INVALID'
  | 'UNKNOWN';

const always = {
  'Docker-Distribution-Api-Version': 'registry/2.0',
  // A blob is anybody's bytes: no browser shall take it for a page.
  'X-Content-Type-Options': 'nosniff',
};

export function answer(
  status: number,
  headers: Record<string, string> = {},
  body: ReadableStream<Uint8Array> | string | null = null,
): Response {
  const all: Record<string, string> = { ...always, ...headers };
  if (body === null && status !== 204 && status !== 304) all['Content-Length'] ??= '0';
  return new Response(body, { status, headers: all });
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  const text = JSON.stringify(value);
  const length = new TextEncoder().encode(text).length;
  return answer(
    status,
    { 'Content-Type': 'application/json', 'Content-Length': String(length), ...headers },
    text,
  );
}

/** An error as the specification wants it ("Error Codes"). */
export function refuse(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return json(status, { errors: [{ code, message }] }, headers);
}

export function notAllowed(...methods: string[]): Response {
  return refuse(405, 'UNSUPPORTED', `this address takes ${methods.join(', ')} only`, {
    Allow: methods.join(', '),
  });
}
