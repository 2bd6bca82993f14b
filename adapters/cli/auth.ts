import type { Command } from 'commander';
import type { Act, Context } from './context.ts';
import { command, json } from './help.ts';
import { requireRegistry } from './reference.ts';
import { openCopy } from './session.ts';
import { registryVariables } from './variables.ts';

interface Report {
  json?: true;
}

/** Signing in at the registry. */
export function authCommands(program: Command, act: Act): void {
  command(program, 'auth <repo> [action...]', {
    does: 'Sign in and print the token, for DTUF_TOKEN. An action is pull (default), push or *. Nothing is printed where the registry takes the password itself. A token is a secret and lives for minutes.',
    reads: registryVariables,
    example: 'DTUF_TOKEN=$(dtuf auth fred/demo pull) dtuf pull-metadata fred/demo',
  })
    .option(...json)
    .action((repo: string, actions: string[], report: Report) =>
      act((context) => authenticate(context, repo, actions, report)),
    );
}

async function authenticate(
  context: Context,
  repo: string,
  actions: string[],
  report: Report,
): Promise<undefined> {
  requireRegistry(context.environment);
  // A token that is there already gives no new one.
  const environment = { ...context.environment, token: undefined };
  const repository = await openCopy({ ...context, environment }, repo);
  const token = await repository.authenticate(actions.length > 0 ? actions : ['pull']);
  if (report.json) await context.output.json({ token: token ?? null });
  else if (token !== undefined) await context.output.line(token);
}
