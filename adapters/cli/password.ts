import { DTufError } from '../../src/errors.ts';
import type { Context } from './context.ts';
import { passwordVariable, type Role } from './environment.ts';
import { printable } from './terminal.ts';

/**
 * The passwords of key files: from the environment, else typed in without echo.
 * A new one is asked for twice. What was typed is asked for once in a command.
 */
export function passwordsOf(context: Context) {
  const typed = new Map<Role, Promise<string>>();
  return (role: Role, purpose: 'create' | 'open'): string | Promise<string> => {
    const given = context.environment.keyPasswords[role];
    if (given !== undefined) return given;
    let answer = typed.get(role);
    if (answer === undefined) {
      answer =
        purpose === 'create'
          ? chosen(context, role)
          : ask(context, `Password of the ${role} key:`, passwordVariable(role));
      typed.set(role, answer);
    }
    return answer;
  };
}

/** The password of `username` at the registry. */
export function registryPassword(context: Context, username: string): Promise<string> {
  return ask(context, `Password of ${printable(username)} at the registry:`, 'DTUF_PASSWORD');
}

async function chosen(context: Context, role: Role): Promise<string> {
  const variable = passwordVariable(role);
  const first = await ask(context, `Password for the new ${role} key:`, variable);
  const second = await ask(context, 'The same again:', variable);
  if (first !== second) throw new DTufError('INVALID_ARGUMENT', 'the two passwords differ: no key was made');
  return first;
}

async function ask(context: Context, message: string, variable: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `a password is needed and there is no terminal to ask for it: set ${variable}`,
    );
  }
  const { default: password } = await import('@inquirer/password');
  const validate = (value: string) => value !== '' || 'A password is needed';
  // Standard output is for results.
  return password({ message, validate }, { output: process.stderr, signal: context.signal });
}
