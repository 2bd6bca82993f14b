// Numbers and dates as people write them.

export function bytesInWords(length: number): string {
  if (length < 1000) return `${length} bytes`;
  if (length < 1_000_000) return `${(length / 1000).toFixed(1)} kB`;
  return `${(length / 1_000_000).toFixed(1)} MB`;
}

/** As in `in 24 hours`. */
export function fromNow(date: Date): string {
  const hours = Math.round((date.getTime() - Date.now()) / 3_600_000);
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
  return Math.abs(hours) < 48 ? format.format(hours, 'hour') : format.format(Math.round(hours / 24), 'day');
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The beginning of a hash: enough to tell two apart by eye. */
export function shortened(hex: string): string {
  return `${hex.slice(0, 8)}…`;
}
