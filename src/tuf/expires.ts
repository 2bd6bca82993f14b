// RFC 3339 dates as `expires` holds them (TUF 1.0.34, 4.2.1).

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a date. The specification writes YYYY-MM-DDTHH:MM:SSZ; a fraction or an offset, which real repositories
 * have, is read as well. Undefined for everything else: no zone, no such day, 24:00:00, leap seconds.
 */
export function parseExpires(text: string): Date | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] =
    match;
  // Cut, not rounded: a part of a millisecond more of validity is nobody's need.
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  const time = Date.parse(local);
  // Date.parse takes February 30 for March 2 and 24:00:00 for the next day.
  if (Number.isNaN(time) || new Date(time).toISOString() !== local) return undefined;
  const offset = zone === 'Z' ? 0 : parseOffset(zone);
  return offset === undefined ? undefined : new Date(time - offset * 60_000);
}

function parseOffset(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** Writes YYYY-MM-DDTHH:MM:SSZ. */
export function formatExpires(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
