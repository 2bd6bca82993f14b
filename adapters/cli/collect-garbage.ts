import type { Command } from 'commander';
import { DTufError } from '../../src/errors.ts';
import type { Act, Context } from './context.ts';
import { command } from './help.ts';

/** Frees the disk of what is not published any more in a folder. */
export function collectGarbageCommands(program: Command, act: Act): void {
  command(program, 'collect-garbage [folder]', {
    does: 'Delete from the folder of a registry (default: dtuf_registry; DTUF_HOST=oci:FOLDER names the same) the blobs that no manifest names: those of deleted manifests, and of publishing that broke off. It may be done while the folder is served and published to.',
    reads: [],
    example: 'dtuf collect-garbage registry',
  })
    .option('--grace <hours>', 'leave alone what came since: its manifest may be on its way', '24')
    .action((folder: string | undefined, { grace }: { grace: string }) =>
      act((context) => collect(context, folder ?? 'dtuf_registry', grace)),
    );
}

async function collect(context: Context, folder: string, grace: string): Promise<undefined> {
  if (!/^\d+(\.\d+)?$/.test(grace)) {
    throw new DTufError('INVALID_ARGUMENT', `--grace takes a number of hours, got "${grace}"`);
  }
  const { collectGarbage } = await import('../registry/garbage.ts');
  const { blobs, bytes } = await collectGarbage(folder, { grace: Number(grace) });
  await context.output.line(`deleted ${blobs} blobs, ${bytes} bytes`);
}
