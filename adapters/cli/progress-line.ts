import type { Progress } from '../node/index.ts';
import { printable } from './terminal.ts';

const width = 24;
const doing: Readonly<Record<Progress['phase'], string>> = {
  fetch: 'fetching',
  verify: 'verifying',
  write: 'writing',
};

/**
 * A progress bar as text: name, bar, bytes, rate, time left.
 *
 * @param elapsed in milliseconds.
 */
export function formatProgress(progress: Progress, elapsed: number, color: boolean): string {
  const { target, phase, received, total } = progress;
  const share = total > 0 ? Math.min(received / total, 1) : 1;
  const filled = Math.floor(share * width);
  const bar = '#'.repeat(filled) + '-'.repeat(width - filled);
  const rate = elapsed > 0 ? (received / elapsed) * 1000 : 0;
  const left = rate > 0 ? `${duration((total - received) / rate)} left` : '';
  return [
    `${printable(target)} ${doing[phase]}`,
    color ? `\u001b[36m${bar}\u001b[39m` : bar,
    `${Math.floor(share * 100)}%`,
    `${size(received)}/${size(total)}`,
    `${size(rate)}/s`,
    left,
  ]
    .join(' ')
    .trimEnd();
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours = 0, ...rest] = parts;
  const shown = hours > 0 ? parts : rest;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
