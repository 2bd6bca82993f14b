// The real python-dtuf 4.0.2, where it is installed: whoever has it is a client and publisher like ours.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { type Fixture, REPOSITORY } from './fixture.ts';

const command = process.env['DTUF_PYTHON_PEER'] ?? '';

/** `describe` for what needs python-dtuf. It is a peer: where it is missing this says so, and nothing fails. */
export function describeWithPython(name: string, tests: () => void): void {
  const missing = whatIsMissing();
  if (missing === undefined) return void describe(name, tests);
  describe.skip(name, tests);
  process.stderr.write(
    `NOT RUN: ${name}: ${missing} (python -m venv V && V/bin/pip install python-dtuf==4.0.2 tuf==0.20.0 securesystemslib[crypto,pynacl]==0.26.0 setuptools; DTUF_PYTHON_PEER=V/bin/dtuf)\n`,
  );
}

function whatIsMissing(): string | undefined {
  if (!existsSync(command)) return `there is no ${command}`;
  try {
    execFileSync(command, ['--help'], { stdio: 'ignore', env: environment });
    return undefined;
  } catch {
    return `${command} does not run`;
  }
}

const environment = {
  PATH: process.env['PATH'] ?? '',
  PYTHONWARNINGS: 'ignore',
  DTUF_LOG_FILE: '',
  DTUF_CONSOLE_LOG_LEVEL: 'CRITICAL',
  DTUF_PROGRESS: '0',
  DTUF_INSECURE: '1',
  DTUF_ROOT_KEY_PASSWORD: 'root-pw',
  DTUF_TARGETS_KEY_PASSWORD: 'targets-pw',
  DTUF_SNAPSHOT_KEY_PASSWORD: 'snapshot-pw',
  DTUF_TIMESTAMP_KEY_PASSWORD: 'timestamp-pw',
};

/**
 * Runs a command of python-dtuf on the repository of the fixture.
 *
 * @param states its state folders.
 * @returns what it printed.
 */
export async function python(
  fixture: Fixture,
  states: string,
  operation: string,
  ...rest: string[]
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [operation, REPOSITORY, ...rest], {
    cwd: fixture.folder,
    env: { ...environment, DTUF_HOST: fixture.registry.host, DTUF_REPOSITORIES_ROOT: states },
    encoding: 'latin1',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** The names that `pull-metadata` prints, in order of the alphabet. */
export async function pythonPulls(fixture: Fixture, states: string, ...key: string[]): Promise<string[]> {
  const printed = await python(fixture, states, 'pull-metadata', ...key);
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
