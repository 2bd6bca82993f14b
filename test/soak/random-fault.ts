import {
  answer,
  cutAfter,
  type Fault,
  refuse,
  reset,
  rewrite,
  silence,
  silentAfter,
  withHeaders,
  withoutRange,
} from '../registry/fault-proxy.ts';

/** One of all that can go wrong with a request. */
export function randomFault(random: () => number): Fault {
  const bytes = Math.floor(random() * 50_000);
  const faults: readonly Fault[] = [
    reset,
    reset,
    ({ forward }) => forward({ pipe: (_, response) => void response.destroy() }),
    refuse(500, 'UNKNOWN'),
    answer(502, '<html>bad gateway</html>'),
    answer(503, '', { 'Retry-After': '1' }),
    refuse(429, 'TOOMANYREQUESTS', '', { 'Retry-After': 'Fri, 31 Dec 2199 23:59:59 GMT' }),
    refuse(403, 'DENIED'),
    cutAfter(bytes),
    cutAfter(bytes),
    silentAfter(bytes),
    silence,
    answer(200, '{"schemaVersion":'),
    rewrite((body) => body.map((byte) => byte ^ 1)),
    rewrite((body) => body.subarray(0, body.length >> 1)),
    withHeaders({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` }),
    withoutRange,
    ({ request, forward }) => {
      // A connection that breaks while the registry is sent to.
      let left = bytes;
      request.on('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left <= 0) request.socket.destroy();
      });
      forward();
    },
  ];
  return faults[Math.floor(random() * faults.length)] ?? reset;
}
