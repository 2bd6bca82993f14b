import type { Command } from 'commander';
import { type Variable, variablesHelp } from './variables.ts';

export interface Help {
  /** What the command does, in one sentence, then more if need be. */
  readonly does: string;
  readonly reads: readonly Variable[];
  readonly example: string;
}

/** Adds a command with a help text that has a description, its variables and an example. */
export function command(program: Command, usage: string, help: Help): Command {
  return program
    .command(usage)
    .summary(help.does.split('. ')[0]?.replace(/\.$/, '') ?? help.does)
    .description(help.does)
    .addHelpText('after', `\n${variablesHelp(help.reads)}\n\nExample:\n${indent(help.example)}`);
}

/** An option of every command that lists or reports. */
export const json = ['--json', 'print JSON, for programs'] as const;

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line.trim()}`)
    .join('\n');
}
