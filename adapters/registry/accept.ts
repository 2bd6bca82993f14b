/**
 * Whether an `Accept` header takes `mediaType` (RFC 9110, 12.5.1). A header that is missing takes anything.
 * Like distribution, this registry converts nothing: what is not accepted is not there.
 */
export function accepts(header: string | null, mediaType: string): boolean {
  if (header === null || header.trim() === '') return true;
  const kind = `${mediaType.split('/')[0]}/*`;
  return header.split(',').some((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return type === mediaType || type === '*/*' || type === kind;
  });
}
