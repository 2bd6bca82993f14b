import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../adapters/cli/program.ts';
import { variables } from '../../adapters/cli/variables.ts';
import { version } from '../../package.json';

const commands = [
  'create-root-key',
  'create-metadata-keys',
  'create-metadata',
  'reset-keys',
  'push-target',
  'del-target',
  'push-metadata',
  'list-master-targets',
  'get-master-expirations',
  'pull-metadata',
  'pull-target',
  'blob-sizes',
  'check-target',
  'list-copy-targets',
  'get-copy-expirations',
  'list-repos',
  'login',
  'logout',
  'auth',
  'serve',
  'collect-garbage',
] as const;

/** What `dtuf ...args` prints where it does nothing but print. */
async function printed(...args: string[]): Promise<string> {
  const parts: string[] = [];
  const program = buildProgram(() => {
    throw new Error('a command was run');
  });
  for (const one of [program, ...program.commands]) {
    one.configureOutput({ ...one.configureOutput(), writeOut: (part) => void parts.push(part) });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return parts.join('');
    throw error;
  }
  throw new Error('nothing was printed');
}

describe('the help', () => {
  it('names every command and every variable', async () => {
    const text = await printed('--help');
    for (const name of [...commands, ...Object.keys(variables)]) expect(text).toContain(name);
  });

  it.each(commands)(
    'of %s has a description, an example that uses it, and no line above 100 columns',
    async (name) => {
      const text = await printed(name, '--help');
      const [, example = ''] = text.split('Example:');
      expect(text).toMatch(new RegExp(`^Usage: dtuf ${name}[^\\n]*\\n\\n[A-Z]`));
      expect(example).toContain(`dtuf ${name}`);
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    },
  );

  it.each(commands.filter((name) => name !== 'serve'))(
    'of %s names the variables that it reads',
    async (name) => {
      expect(await printed(name, '--help')).toContain('DTUF_HOST');
    },
  );

  it('is given for a command by `help` too', async () => {
    expect(await printed('help', 'auth')).toBe(await printed('auth', '--help'));
  });

  it('has the version of the package beside it', async () => {
    expect(await printed('--version')).toBe(`${version}\n`);
  });
});
