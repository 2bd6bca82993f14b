import { describe, expect, it } from 'vitest';
import { formatProgress } from '../../adapters/cli/progress-line.ts';

const MiB = 1024 * 1024;

describe('a progress bar', () => {
  it('shows bytes, rate and time left', () => {
    const progress = { target: 'demo', phase: 'fetch', received: 3 * MiB, total: 12 * MiB } as const;
    expect(formatProgress(progress, 2000, false)).toBe(
      'demo fetching ######------------------ 25% 3.0 MiB/12.0 MiB 1.5 MiB/s 0:06 left',
    );
  });

  it('of nothing is full', () => {
    const progress = { target: 'empty', phase: 'write', received: 0, total: 0 } as const;
    expect(formatProgress(progress, 0, false)).toContain('100% 0 B/0 B');
  });

  it('has no colour where none is wanted', () => {
    const progress = { target: 'x', phase: 'verify', received: 1, total: 2 } as const;
    expect(formatProgress(progress, 1, true)).toContain('\u001b[');
    expect(formatProgress(progress, 1, false)).not.toContain('\u001b[');
  });

  it('shows a name that holds escapes harmlessly (ATTACKS 97)', () => {
    const progress = { target: '\u001b[2J', phase: 'fetch', received: 1, total: 2 } as const;
    expect(formatProgress(progress, 1, false)).not.toContain('\u001b');
  });
});
