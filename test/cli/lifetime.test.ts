import { describe, expect, it } from 'vitest';
import { parseLifetime } from '../../adapters/cli/lifetime.ts';

// What pytimeparse 1.1.10 answered to each.
const answers: readonly (readonly [string, number | undefined])[] = [
  ['1s', 1],
  ['1 second', 1],
  ['2 secs', 2],
  ['2 sec', 2],
  ['2 m', 120],
  ['2mins', 120],
  ['2 minutes', 120],
  ['1hr', 3600],
  ['1 hours', 3600],
  ['1d', 86_400],
  ['7 dys', 604_800],
  ['1 wks 1 days', 691_200],
  ['1w2d', 777_600],
  ['1w, 2d', 777_600],
  ['1w/2d', 777_600],
  ['1 w 2 d 3 h 4 m 5 s', 788_645],
  ['1hour2min', 3720],
  ['1 h,', 3600],
  ['1h ,2m', 3720],
  [' 1H\t', 3600],
  ['1h\n', 3600],
  [':22', 22],
  ['1:22', 82],
  ['99:99', 6039],
  ['1:22:33', 4953],
  ['1:22:33.5', 4953.5],
  ['1:99:99', 9639],
  ['01:02:03:04', 93_784],
  ['1d02:03:04', 93_784],
  ['1 day, 02:03:04.56', 93_784.56],
  ['1w2d 4:13:02', 792_782],
  ['1.5h', 5400],
  ['.5h', 1800],
  ['5.h', 18_000],
  ['1.5s', 1.5],
  ['1.503 mins', 90],
  ['1.503 mins 1.5s', 91.68],
  ['5.1day', 440_640],
  ['.03week', 18_144],
  ['+1h', 3600],
  ['- 1h', -3600],
  ['-1:30', -90],
  ['-2 days 4:13:02', -187_982],
  ['', undefined],
  [' ', undefined],
  ['5', undefined],
  ['0', undefined],
  ['1 month', undefined],
  ['1 year', undefined],
  ['1y', undefined],
  ['2d1w', undefined],
  ['1h 1:30', undefined],
  ['1:2:3', undefined],
  ['100:00', undefined],
  ['1.2.3h', undefined],
  ['1h,,2m', undefined],
  ['03secs/', undefined],
  ['1h-2m', undefined],
  ['--1s', undefined],
  ['|1h', undefined],
  ['1e3s', undefined],
  ['1,000s', undefined],
  ['1 secs.', undefined],
  ['1h and 2m', undefined],
  ['1:22:33:44:55', undefined],
];

describe('a lifetime', () => {
  it.each(answers)('%j is read as pytimeparse reads it: %s', (text, seconds) => {
    const read = parseLifetime(text);
    if (seconds === undefined) expect(read).toBeUndefined();
    else expect(read).toBeCloseTo(seconds, 6);
  });

  it('of 100,000 digits is refused or read in no time', () => {
    const started = performance.now();
    parseLifetime(`${'9'.repeat(100_000)}x`);
    parseLifetime(`${' '.repeat(100_000)}x`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
