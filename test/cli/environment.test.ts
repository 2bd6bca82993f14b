import { describe, expect, it } from 'vitest';
import { readEnvironment, secretsOf } from '../../adapters/cli/environment.ts';
import { DTufError } from '../../src/errors.ts';

function refusal(variables: Record<string, string>): DTufError {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof DTufError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the environment', () => {
  it('that is empty gives the documented defaults', () => {
    expect(readEnvironment({})).toMatchObject({
      host: undefined,
      insecure: false,
      repositoriesRoot: 'dtuf_repos',
      layout: undefined,
      keyType: undefined,
      progress: 'on a terminal',
      blobInfo: false,
      logFile: 'dtuf.log',
      fileLogLevel: 30,
      consoleLogLevel: 30,
      color: true,
    });
  });

  it('with empty values is the same as with none, but for the log file', () => {
    const names = [
      'DTUF_HOST',
      'DTUF_USERNAME',
      'DTUF_REPOSITORIES_ROOT',
      'DTUF_LAYOUT',
      'DTUF_KEY_TYPE',
      'DTUF_ROOT_KEY_PASSWORD',
      'DTUF_ROOT_LIFETIME',
      'DTUF_FILE_LOG_LEVEL',
      'NO_COLOR',
    ];
    const empty = Object.fromEntries(names.map((name) => [name, '']));
    expect(readEnvironment(empty)).toEqual(readEnvironment({}));
    expect(readEnvironment({ DTUF_LOG_FILE: '' }).logFile).toBeUndefined();
  });

  it.each([
    ['DTUF_LAYOUT', 'http'],
    ['DTUF_KEY_TYPE', 'dsa'],
    ['DTUF_ROOT_LIFETIME', '1 year'],
    ['DTUF_TIMESTAMP_LIFETIME', '-1 day'],
    ['DTUF_SNAPSHOT_LIFETIME', '0 s'],
    ['DTUF_FILE_LOG_LEVEL', 'LOUD'],
    ['DTUF_CONSOLE_LOG_LEVEL', 'warning'],
    ['DTUF_HOST', 'fred:secret@registry.example.com'],
    ['DTUF_HOST', 'https://fred:secret@registry.example.com'],
  ])('with a bad value of %s is refused, and the variable is named', (name, value) => {
    const error = refusal({ [name]: value });
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(name);
    expect(error.message).not.toContain('secret');
  });

  it.each([
    ['1', 'always'],
    ['0', 'never'],
    ['yes', 'on a terminal'],
  ])('DTUF_PROGRESS=%s shows progress bars %s', (value, expected) => {
    expect(readEnvironment({ DTUF_PROGRESS: value }).progress).toBe(expected);
  });

  it('takes lifetimes in seconds and passwords by role', () => {
    const environment = readEnvironment({ DTUF_SNAPSHOT_LIFETIME: '2w', DTUF_TARGETS_KEY_PASSWORD: 'word' });
    expect(environment.lifetimes).toEqual({ snapshot: 1_209_600 });
    expect(environment.keyPasswords).toEqual({ targets: 'word' });
  });

  it('cannot be changed once it is read', () => {
    const environment = readEnvironment({});
    expect(Object.isFrozen(environment)).toBe(true);
    expect(Object.isFrozen(environment.lifetimes)).toBe(true);
  });

  it('knows all its secrets, also in the form of Basic (ATTACKS 69)', () => {
    const variables = {
      DTUF_USERNAME: 'fred',
      DTUF_PASSWORD: 'one',
      DTUF_TOKEN: 'two',
      DTUF_ROOT_KEY_PASSWORD: 'three',
    };
    expect(secretsOf(variables)).toEqual(['one', btoa('fred:one'), 'two', 'three']);
  });
});
