import type { Command } from 'commander';
import type { Target } from '../node/index.ts';
import type { Act, Context } from './context.ts';
import { type Role, roles } from './environment.ts';
import { command, json } from './help.ts';
import { chosenRegistry } from './reference.ts';
import { openCopy, openMaster, openRegistry } from './session.ts';
import { printableJson } from './terminal.ts';
import { registryVariables, sourceVariables, stateVariables } from './variables.ts';

interface Report {
  json?: true;
}

const escaped = 'One name a line; unusual characters in a name are escaped, --json has the name itself.';

/** The commands that list and report. */
export function listCommands(program: Command, act: Act): void {
  command(program, 'list-master-targets <repo>', {
    does: `List the targets of the master, also those not published yet. ${escaped}`,
    reads: stateVariables,
    example: 'dtuf list-master-targets fred/demo',
  })
    .option(...json)
    .action((repo: string, report: Report) =>
      act(async (context) => printTargets(context, (await openMaster(context, repo)).listTargets(), report)),
    );

  command(program, 'list-copy-targets <repo>', {
    does: `List the targets of the metadata that was pulled. ${escaped}`,
    reads: [...stateVariables, 'DTUF_METADATA_URL'],
    example: 'dtuf list-copy-targets fred/demo',
  })
    .option(...json)
    .action((repo: string, report: Report) =>
      act(async (context) => printTargets(context, (await openCopy(context, repo)).listTargets(), report)),
    );

  command(program, 'get-master-expirations <repo>', {
    does: 'Print when the metadata of the master expires, a role a line.',
    reads: stateVariables,
    example: 'dtuf get-master-expirations fred/demo',
  })
    .option(...json)
    .action((repo: string, report: Report) =>
      act(async (context) =>
        printExpirations(context, await (await openMaster(context, repo)).getExpirations(), report),
      ),
    );

  command(program, 'get-copy-expirations <repo>', {
    does: 'Print when the metadata that was pulled expires, a role a line.',
    reads: [...stateVariables, 'DTUF_METADATA_URL'],
    example: 'dtuf get-copy-expirations fred/demo',
  })
    .option(...json)
    .action((repo: string, report: Report) =>
      act(async (context) =>
        printExpirations(context, await (await openCopy(context, repo)).getExpirations(), report),
      ),
    );

  command(program, 'blob-sizes <repo> <target...>', {
    does: 'Print the sizes of the parts of targets in bytes, a part a line.',
    reads: [...sourceVariables, ...stateVariables],
    example: 'dtuf blob-sizes fred/demo demo.txt',
  })
    .option(...json)
    .action((repo: string, targets: string[], report: Report) =>
      act((context) => blobSizes(context, repo, targets, report)),
    );

  command(program, 'list-repos [registry]', {
    does: `List the repositories of a registry: the one given, or DTUF_HOST. ${escaped}`,
    reads: registryVariables,
    example: 'dtuf list-repos localhost:5000',
  })
    .option(...json)
    .action((registry: string | undefined, report: Report) =>
      act((context) => listRepos(context, registry, report)),
    );
}

async function printTargets(
  context: Context,
  targets: AsyncIterable<Target>,
  report: Report,
): Promise<undefined> {
  if (report.json) return printArray(context, targets);
  for await (const { name } of targets) await context.output.name(name);
}

async function printExpirations(
  context: Context,
  expirations: Readonly<Record<Role, Date>>,
  report: Report,
): Promise<undefined> {
  const texts = roles.map((role) => [role, expirations[role].toISOString().replace('.000Z', 'Z')] as const);
  if (report.json) {
    await context.output.json(Object.fromEntries(texts));
    return;
  }
  // As Python's isoformat() writes them.
  for (const [role, text] of texts) await context.output.line(`${role}: ${text.replace('Z', '+00:00')}`);
}

async function blobSizes(
  context: Context,
  repo: string,
  names: string[],
  report: Report,
): Promise<undefined> {
  const copy = await openCopy(context, repo);
  const found: { target: string; sizes: readonly number[] }[] = [];
  for (const target of names) found.push({ target, sizes: await copy.blobSizes(target) });
  if (report.json) {
    await context.output.json(found);
    return;
  }
  for (const size of found.flatMap(({ sizes }) => sizes)) await context.output.line(String(size));
}

async function listRepos(context: Context, registry: string | undefined, report: Report): Promise<undefined> {
  const host = chosenRegistry(context.environment, registry);
  const repositories = (await openRegistry(context, host)).listRepos(context.signal);
  if (report.json) return printArray(context, repositories);
  for await (const name of repositories) await context.output.name(name);
}

/** A JSON array with an element a line. */
async function printArray(context: Context, values: AsyncIterable<unknown>): Promise<undefined> {
  const elements: string[] = [];
  for await (const value of values) elements.push(printableJson(value));
  await context.output.line(`[${elements.join(',\n')}]`);
}
