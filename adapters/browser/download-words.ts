// What <dtuf-download> tells the person who looks at it. Programs have the error itself.
import { type DTufError, hasCode } from '../../src/errors.ts';

export function refusalInWords(error: DTufError): string {
  if (error.code === 'TARGET_MISMATCH')
    return `Refused: ${error.target} is not what was signed. Nothing was saved.`;
  if (error.code === 'METADATA_EXPIRED') return `Refused: ${expiredInWords(error)}`;
  if (error.code === 'UNREACHABLE' && globalThis.navigator.onLine === false)
    return 'Not downloaded: this device is offline. Connect it and try again.';
  if (error.code === 'STORAGE_UNAVAILABLE')
    return 'Not downloaded: this browser keeps no data for this page, as in some private windows, so that it cannot remember what to trust. Allow it, or use another window.';
  if (error.code === 'TIMED_OUT') return 'Not downloaded: the server did not answer for too long. Try again.';
  return `${isRefusal(error) ? 'Refused' : 'Not downloaded'}: ${error.message}`;
}

/** Whether what came was not what was signed, rather than not there. */
function isRefusal(error: DTufError): boolean {
  if (error.code === 'METADATA_MISSING') return false;
  return (
    error.code.startsWith('METADATA_') || hasCode(error, 'DIGEST_MISMATCH', 'TRUST_BROKEN', 'LIMIT_EXCEEDED')
  );
}

/** Either the publisher is late, or somebody holds back what is newer, or the clock is wrong. */
function expiredInWords({ expected, got }: DTufError): string {
  const [now, end] = [expected, got].map((text) => dateIn(text));
  return `what the server offers was to be trusted until ${end} only, and by the clock of this device it is ${now}. If that is wrong, set the clock; if not, the publisher has to sign again. Nothing was saved.`;
}

/** The date at the end of `valid at 2026-11-25T12:00:00.000Z`. */
function dateIn(text = ''): string {
  const date = new Date(/\S*$/.exec(text)?.[0] ?? '');
  if (Number.isNaN(date.getTime())) return 'an unknown day';
  return date.toLocaleDateString('en', { dateStyle: 'long' });
}

/** As in `3.2 MB`. */
export function sizeInWords(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unit = units[power] ?? 'byte';
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit,
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: 1,
  }).format(bytes / 1000 ** power);
}
