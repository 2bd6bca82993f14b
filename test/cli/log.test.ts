import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Log, type LogOptions } from '../../adapters/cli/log.ts';

let folder: string;
let file: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dtuf-log-'));
  file = join(folder, 'dtuf.log');
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = (options: Partial<LogOptions> = {}) =>
  new Log({
    file,
    fileLevel: 30,
    consoleLevel: 30,
    say: (line) => said.push(line),
    redact: (text) => text.replaceAll('secret', '***'),
    clock: () => new Date('2027-01-02T03:04:05Z'),
    ...options,
  });

describe('the log', () => {
  it('makes no file while there is nothing to write', () => {
    const quiet = log();
    quiet.debug('a request');
    quiet.note('done');
    expect(existsSync(file)).toBe(false);
  });

  it('writes what is severe enough, a line a message, for the owner only', () => {
    log().warning('odd\nWARNING forged');
    expect(readFileSync(file, 'utf8')).toBe('2027-01-02T03:04:05.000Z WARNING odd\\u{a}WARNING forged\n');
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('shows warnings and notes by the level of the console', () => {
    log().warning('odd');
    log().note('done');
    log({ consoleLevel: 40 }).warning('unseen');
    log({ consoleLevel: 40 }).note('unseen');
    log({ consoleLevel: 10 }).debug('seen');
    expect(said).toEqual(['dtuf: warning: odd', 'dtuf: done', 'dtuf: seen']);
  });

  it('holds no secret, in the file or on the console (ATTACKS 69)', () => {
    log().warning('the password is secret');
    log().error('the password is secret');
    expect(readFileSync(file, 'utf8') + said.join()).not.toContain('secret');
  });

  it('that cannot be written is a warning, once, and no failure', () => {
    const broken = log({ file: join(folder, 'missing', 'dtuf.log') });
    broken.error('one');
    broken.error('two');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('cannot write the log');
  });

  it('can be switched off', () => {
    log({ file: undefined }).error('lost');
    expect(existsSync(file)).toBe(false);
  });
});
