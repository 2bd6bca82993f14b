import { DTufError } from '../../src/errors.ts';

const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * A page that came over https may not ask http addresses, but for those of its own machine. To the page a browser only says
 * "Failed to fetch".
 *
 * @throws DTufError NOT_SUPPORTED
 */
export function refuseMixedContent(
  { protocol, hostname, host }: URL,
  from = globalThis.location?.protocol,
): void {
  if (from !== 'https:' || protocol !== 'http:' || LOOPBACK.test(hostname)) return;
  throw new DTufError(
    'NOT_SUPPORTED',
    `This page came over https, and browsers do not let it ask http://${host} (mixed content): the registry has to offer https.`,
    { expected: 'https', got: 'http' },
  );
}
