/** Host names as `URL.hostname` gives them: lower case, IPv4 in dotted form, IPv6 in brackets. */

/** Whether the name can only be this machine (RFC 6761, 6.3; RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true;
  return /^127(?:\.\d+){3}$/.test(name);
}
