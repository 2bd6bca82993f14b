import type { Command } from 'commander';
import type { Act, Context } from './context.ts';
import { command, json } from './help.ts';
import { withProgress } from './progress.ts';
import { openExport } from './session.ts';
import { sourceVariables, stateVariables } from './variables.ts';

interface ExportOptions {
  json?: true;
}

/** The command of those who put a repository on a web server. */
export function exportCommands(program: Command, act: Act): void {
  command(program, 'export <repo> <folder>', {
    does: 'Write what was pulled as a plain TUF repository into a folder, for any web server, and print the files that were written. What is there already is looked through and left; the folder can be served all the while. Needs pull-metadata before.',
    reads: [...sourceVariables, ...stateVariables, 'DTUF_PROGRESS'],
    example: 'dtuf export fred/demo public',
  })
    .option(...json)
    .action((repo: string, folder: string, options: ExportOptions) =>
      act((context) => exportRepository(context, repo, folder, options)),
    );
}

async function exportRepository(
  context: Context,
  repo: string,
  folder: string,
  options: ExportOptions,
): Promise<undefined> {
  const write = await openExport(context, repo);
  const exported = await withProgress(context, (call) => write(folder, call));
  if (options.json) {
    await context.output.json(exported);
    return;
  }
  for (const path of exported.written) await context.output.name(path);
  context.log.note(
    `wrote ${exported.written.length} files into ${folder}, ${exported.kept} were there already`,
  );
}
