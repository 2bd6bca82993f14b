import { Command } from 'commander';
import { version } from '../../package.json';
import { authCommands } from './auth.ts';
import { collectGarbageCommands } from './collect-garbage.ts';
import type { Act } from './context.ts';
import { exportCommands } from './export.ts';
import { keyCommands } from './keys.ts';
import { listCommands } from './lists.ts';
import { loginCommands } from './login.ts';
import { publishCommands } from './publish.ts';
import { pullCommands } from './pull.ts';
import { serveCommands } from './serve.ts';
import { printable } from './terminal.ts';
import { variablesHelp } from './variables.ts';

const example = `
Example:
  export DTUF_HOST=oci:$HOME/registry
  dtuf create-root-key fred/demo
  dtuf create-metadata-keys fred/demo
  dtuf create-metadata fred/demo
  dtuf push-target fred/demo demo.txt demo.txt
  dtuf push-metadata fred/demo
  # elsewhere, with root_key.pub
  dtuf pull-metadata fred/demo root_key.pub
  dtuf pull-target fred/demo demo.txt

Exit codes: 0 done; 13 the registry refuses access; 2 wrong usage; 1 anything else; 130 stopped by Ctrl-C.`;

/** The whole command line. Nothing is done before it is parsed; it throws CommanderError where it is wrong. */
export function buildProgram(act: Act): Command {
  const program = new Command('dtuf')
    .description('Publish files to any OCI registry under The Update Framework (TUF), and verify them.')
    .version(version)
    .option('--verbose', 'where a command fails, show the whole chain of causes')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      outputError: (text, write) =>
        write(
          `dtuf: ${printable(
            text
              .trim()
              .replace(/^error: /, '')
              .replaceAll('\n', ' '),
          )}\n`,
        ),
    })
    .addHelpText('after', () => `\n${variablesHelp()}\n${example}`);
  const all = [
    keyCommands,
    publishCommands,
    pullCommands,
    exportCommands,
    listCommands,
    loginCommands,
    authCommands,
    serveCommands,
    collectGarbageCommands,
  ];
  for (const add of all) {
    add(program, act);
  }
  return program;
}
