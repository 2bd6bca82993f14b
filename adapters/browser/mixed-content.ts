import { DTufError } from '../../src/errors.ts';
import { isLoopback } from '../../src/registry/host.ts';

/**
 * A page that came over https may not ask http addresses, but for those of its own machine. To the page a browser only says
 * "Failed to fetch".
 *
 * @returns the error for an address that it may not ask.
 */
export function mixedContent(
  { protocol, hostname, host }: URL,
  from = globalThis.location?.protocol,
): DTufError | undefined {
  if (from !== 'https:' || protocol !== 'http:' || isLoopback(hostname)) return undefined;
  return new DTufError(
    'NOT_SUPPORTED',
    `This page came over https, and browsers do not let it ask http://${host} (mixed content): the registry has to offer https.`,
    { expected: 'https', got: 'http' },
  );
}
