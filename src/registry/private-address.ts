import { isLoopback } from './host.ts';

/**
 * Whether the name is an address literal, or a name for one, that only makes sense inside somebody's
 * network: a server that names it wants to reach through its client what it cannot reach itself.
 */
export function isPrivateAddress(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  if (isLoopback(name)) return true;
  // fc00::/7 unique local (RFC 4193), fe80::/10 link local, :: unspecified (RFC 4291).
  if (/^\[(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/.test(name) || name === '[::]') return true;
  return isPrivateIpv4(ipv4(name)) || isPrivateIpv4(ipv4(mapped(name)));
}

/** RFC 1918 private, RFC 3927 link local, RFC 6598 shared, RFC 1122 "this network". */
function isPrivateIpv4(octets: readonly number[] | undefined): boolean {
  if (!octets) return false;
  const [a = 0, b = 0] = octets;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}

function ipv4(name: string | undefined): readonly number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name ?? '');
  return match?.slice(1).map(Number);
}

/** The IPv4 address within an IPv4-mapped IPv6 one, which `URL` writes as two groups of hex (RFC 4291, 2.5.5.2). */
function mapped(name: string): string | undefined {
  const match = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(name);
  if (!match) return undefined;
  const [high, low] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
