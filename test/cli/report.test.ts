import { describe, expect, it } from 'vitest';
import { redactor } from '../../adapters/cli/redact.ts';
import { details, exitCodeOf, summary } from '../../adapters/cli/report.ts';
import { DTufError } from '../../src/errors.ts';

describe('the report of an error', () => {
  it.each([
    ['wrong usage', new DTufError('INVALID_ARGUMENT', 'x'), 2],
    ['a registry that refuses access', new DTufError('ACCESS_DENIED', 'x'), 13],
    ['expired metadata', new DTufError('METADATA_EXPIRED', 'x'), 1],
    ['an error of nobody', new TypeError('x'), 1],
    ['what is no error', 'x', 1],
    [
      'refused access behind another error',
      new DTufError('REGISTRY_FAILED', 'x', { cause: new DTufError('ACCESS_DENIED', 'y') }),
      13,
    ],
    [
      'refused access among several',
      new AggregateError([new Error('a'), new DTufError('ACCESS_DENIED', 'y')]),
      13,
    ],
  ])('has the exit code for %s', (_, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it('is one line, whatever the registry said (ATTACKS 97)', () => {
    const error = new DTufError('REGISTRY_FAILED', 'the registry said: no\ndtuf: all is well\u001b[1A');
    expect(summary(error)).toBe('the registry said: no\\u{a}dtuf: all is well\\u{1b}[1A');
  });

  it('shows the chain of causes and what is known of each when asked', () => {
    const cause = new TypeError('fetch failed');
    const error = new DTufError('UNREACHABLE', 'no answer', {
      role: 'timestamp',
      expected: 'an answer',
      cause,
    });
    const text = details(error);
    expect(text).toContain('no answer');
    expect(text).toContain('code: UNREACHABLE');
    expect(text).toContain('role: timestamp');
    expect(text).toContain('caused by TypeError: fetch failed');
  });

  it('ends where a chain of causes bites its tail', () => {
    const error = new Error('a');
    error.cause = error;
    expect(details(error).match(/Error: a/g)).toHaveLength(1);
  });

  it('blots out secrets that a registry repeats, quoted ones too (ATTACKS 69)', () => {
    const redact = redactor(['hunter"2!', 'hunt']);
    expect(redact('no user fred with hunter"2!')).toBe('no user fred with ***');
    expect(redact(JSON.stringify({ password: 'hunter"2!' }))).toBe('{"password":"***"}');
  });

  it('leaves words alone that a short password happens to be', () => {
    expect(redactor(['a', ''])('a target')).toBe('a target');
  });
});
