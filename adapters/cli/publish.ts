import type { Command } from 'commander';
import type { Act, Context } from './context.ts';
import { command, json as jsonOption } from './help.ts';
import { withProgress } from './progress.ts';
import { openMaster } from './session.ts';
import { registryVariables, stateVariables } from './variables.ts';

interface Report {
  json?: true;
}

interface PushOptions extends Report {
  mountFrom?: string;
}

/** The commands that change what is published. */
export function publishCommands(program: Command, act: Act): void {
  command(program, 'push-target <repo> <target> <source...>', {
    does: 'Upload files under the name of a target. Clients see it after push-metadata. A source is a file, or @name for what another target holds (a file whose name begins with @: ./@name). Several sources make a target of several parts.',
    reads: [...registryVariables, ...stateVariables, 'DTUF_PROGRESS'],
    example: 'dtuf push-target fred/demo demo.txt demo.txt',
  })
    .option(
      '--mount-from <repo>',
      'a repository of the same registry that may have the data already: nothing is sent then',
    )
    .option(...jsonOption)
    .action((repo: string, target: string, sources: string[], options: PushOptions) =>
      act((context) => pushTarget(context, repo, target, sources, options)),
    );

  command(program, 'del-target <repo> <target...>', {
    does: 'Take targets out of the repository. Clients see it after push-metadata.',
    reads: [...registryVariables, ...stateVariables],
    example: 'dtuf del-target fred/demo old.txt',
  }).action((repo: string, targets: string[]) => act((context) => delTarget(context, repo, targets)));

  command(program, 'push-metadata <repo>', {
    does: 'Sign what has changed and publish it. To be called again before the timestamp expires, also where nothing changed.',
    reads: [
      ...registryVariables,
      ...stateVariables,
      'DTUF_TARGETS_KEY_PASSWORD',
      'DTUF_SNAPSHOT_KEY_PASSWORD',
      'DTUF_TIMESTAMP_KEY_PASSWORD',
      'DTUF_TARGETS_LIFETIME',
      'DTUF_SNAPSHOT_LIFETIME',
      'DTUF_TIMESTAMP_LIFETIME',
      'DTUF_PROGRESS',
    ],
    example: 'dtuf push-metadata fred/demo',
  })
    .option(...jsonOption)
    .action((repo: string, report: Report) => act((context) => pushMetadata(context, repo, report)));
}

async function pushTarget(
  context: Context,
  repo: string,
  name: string,
  sources: string[],
  { json, mountFrom }: PushOptions,
): Promise<undefined> {
  const master = await openMaster(context, repo);
  const more = mountFrom === undefined ? {} : { mountFrom };
  const target = await withProgress(context, (call) =>
    master.pushTarget(name, sources, { ...call, ...more }),
  );
  if (json) await context.output.json(target);
  context.log.note(`pushed ${name}; clients see it after dtuf push-metadata ${repo}`);
}

async function delTarget(context: Context, repo: string, names: string[]): Promise<undefined> {
  const master = await openMaster(context, repo);
  await master.delTarget(...names);
  context.log.note(`took out ${names.join(', ')}; clients see it after dtuf push-metadata ${repo}`);
}

async function pushMetadata(context: Context, repo: string, report: Report): Promise<undefined> {
  const master = await openMaster(context, repo);
  const published = await withProgress(context, (call) => master.pushMetadata(call));
  if (published.healed) {
    context.log.warning('another publisher was at work at the same time: published again above its version');
  }
  if (report.json) await context.output.json(published);
  context.log.note(`published version ${published.version} of ${repo}`);
}
