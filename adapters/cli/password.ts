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

/** Whom to sign in as at the registry. */
export async function registryUsername(context: Context): Promise<string> {
  requireTerminal('a user name', 'give --username or set DTUF_USERNAME');
  const { createInterface } = await import('node:readline');
  process.stderr.write('User name at the registry: ');
  // The terminal echoes and edits the line by itself, and Ctrl-C stays a signal.
  const lines = createInterface({ input: process.stdin, terminal: false, signal: context.signal });
  for await (const line of lines) {
    if (line.trim() !== '') return line.trim();
    process.stderr.write('User name at the registry: ');
  }
  throw new DTufError('INVALID_ARGUMENT', 'no user name was given');
}

/** In bytes; keys of robots are files of a few KB. */
const longestPassword = 64 * 1024;

/**
 * A password from standard input: all of it, but for the end of its last line, as docker has it.
 *
 * @throws DTufError INVALID_ARGUMENT where there is none, or it is too long to be one.
 */
export async function passwordFromInput(input: AsyncIterable<Uint8Array> = process.stdin): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestPassword) break;
  }
  const password = Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
  if (password !== '' && length <= longestPassword) return password;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `standard input is ${length === 0 || password === '' ? 'empty' : 'too large'}: expected a password`,
  );
}

async function chosen(context: Context, role: Role): Promise<string> {
  const variable = passwordVariable(role);
  const first = await ask(context, `Password for the new ${role} key:`, variable);
  const second = await ask(context, 'The same again:', variable);
  if (first !== second) throw new DTufError('INVALID_ARGUMENT', 'the two passwords differ: no key was made');
  return first;
}

async function ask(context: Context, message: string, variable: string): Promise<string> {
  requireTerminal('a password', `set ${variable}`);
  const { default: password } = await import('@inquirer/password');
  const validate = (value: string) => value !== '' || 'A password is needed';
  // Standard output is for results.
  return password({ message, validate }, { output: process.stderr, signal: context.signal });
}

function requireTerminal(what: string, advice: string): void {
  if (process.stdin.isTTY) return;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `${what} is needed and there is no terminal to ask for it: ${advice}`,
  );
}
