import type { Command } from 'commander';
import { DTufError } from '../../src/errors.ts';
import type { Act, Context } from './context.ts';
import { command } from './help.ts';
import { summary } from './report.ts';

interface ServeOptions {
  port: string;
  host: string[];
  allowOrigin?: string;
}

/** The embedded registry on a port. */
export function serveCommands(program: Command, act: Act): void {
  command(program, 'serve [folder]', {
    does: 'Serve a folder as a registry on a loopback port, until Ctrl-C. The folder (default: dtuf_registry) is made where it is missing; what DTUF_HOST=oci:FOLDER writes is what it serves. It answers requests for loopback names, and for those given with --host.',
    reads: [],
    example: `dtuf serve registry
      DTUF_HOST=localhost:5000 dtuf list-repos`,
  })
    .option('--port <n>', 'the port; 0: any that is free', '5000')
    .option('--host <name>', 'a name of this machine that clients may use; can be repeated', collect, [])
    .option('--allow-origin <origin>', 'the origin whose pages may read, as in https://example.com, or *')
    .action((folder: string | undefined, options: ServeOptions) =>
      act((context) => serveFolder(context, folder ?? 'dtuf_registry', options)),
    );
}

const collect = (name: string, names: readonly string[]) => [...names, name];

async function serveFolder(context: Context, folder: string, options: ServeOptions): Promise<undefined> {
  const port = parsePort(options.port);
  const { serve } = await import('../registry/serve.ts');
  const server = await serve({
    folder,
    port,
    hosts: options.host,
    onError: (error) => context.log.warning(summary(error)),
    ...(options.allowOrigin !== undefined && { allowOrigin: options.allowOrigin }),
  });
  try {
    await context.output.line(server.url);
    await context.output.flush();
    context.log.note(`serving ${folder}; Ctrl-C ends it`);
    await aborted(context.signal);
  } finally {
    await server.close();
  }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new DTufError('INVALID_ARGUMENT', `--port takes a number from 0 to 65535, got "${text}"`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
