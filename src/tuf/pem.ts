// PEM (RFC 7468, and RFC 1421's headers that traditional OpenSSL keys have).

import { fromBase64 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import { toBase64 } from '../to-base64.ts';

/** One block of a PEM text. */
export interface Pem {
  /** As in `PUBLIC KEY`. */
  readonly label: string;
  /** RFC 1421 headers such as `DEK-Info`, by their name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly der: Bytes;
}

/** No key has a tenth of it. */
const MAX_LENGTH = 64 * 1024;
const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/**
 * Reads the first block of a PEM text: LF or CRLF, with or without a last newline, text before and after it.
 *
 * @param label only a block of this label will do.
 * @throws DTufError KEY_INVALID
 */
export function readPem(text: string, label?: string): Pem {
  if (text.length > MAX_LENGTH)
    throw invalid(`The PEM text has ${text.length} characters; at most ${MAX_LENGTH} are read.`);
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  const labels = lines.map(labelOf);
  const first = labels.findIndex((found) => found !== undefined && (label === undefined || found === label));
  const name = labels[first];
  if (name === undefined) throw invalid(missing(label, labels));
  const last = lines.indexOf(`-----END ${name}-----`, first);
  if (last < 0) throw invalid(`The PEM block "${name}" has no END line: the text is cut off.`);
  const { headers, body } = splitHeaders(lines.slice(first + 1, last));
  const der = fromBase64(body.join(''));
  if (der === undefined || der.length === 0) throw invalid(`The PEM block "${name}" does not hold base64.`);
  return { label: name, headers, der };
}

/** A PEM block with lines of 64 characters and a last newline, as OpenSSL writes it. */
export function writePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `${[`${BEGIN}${label}${DASHES}`, ...lines, `-----END ${label}${DASHES}`].join('\n')}\n`;
}

function labelOf(line: string): string | undefined {
  if (!line.startsWith(BEGIN) || !line.endsWith(DASHES)) return undefined;
  return line.slice(BEGIN.length, -DASHES.length);
}

function splitHeaders(lines: readonly string[]): { headers: Map<string, string>; body: readonly string[] } {
  const headers = new Map<string, string>();
  let at = 0;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const colon = line.indexOf(':');
    if (colon < 0) break;
    headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return { headers, body: lines.slice(at) };
}

function missing(label: string | undefined, labels: readonly (string | undefined)[]): string {
  const found = labels.find((other) => other !== undefined);
  const wanted = label === undefined ? 'a PEM block (-----BEGIN …-----)' : `a PEM block "${label}"`;
  return `Expected ${wanted}, got ${found === undefined ? 'a text without one' : `"${found}"`}.`;
}

function invalid(message: string): DTufError {
  return new DTufError('KEY_INVALID', message);
}
