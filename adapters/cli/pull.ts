import type { Command } from 'commander';
import { DTufError } from '../../src/errors.ts';
import type { Call, ExplainedCall, VerifiedTarget } from '../node/index.ts';
import type { Act, Context } from './context.ts';
import { withExplanation } from './explain.ts';
import { command, json } from './help.ts';
import { withProgress } from './progress.ts';
import { exitCodes } from './report.ts';
import { readRootKey } from './root-key.ts';
import { openCopy } from './session.ts';
import { sourceVariables, stateVariables } from './variables.ts';

interface MetadataOptions {
  resetTrust?: true;
  explain?: true;
  json?: true;
}
interface TargetOptions {
  explain?: true;
  output?: string;
}
interface CheckOptions {
  json?: true;
}

/** Of commands that verify metadata. */
const explain = [
  '--explain',
  'show each check that was made, with its clause of the TUF specification, on standard error',
] as const;

/** The commands of those who download. */
export function pullCommands(program: Command, act: Act): void {
  command(program, 'pull-metadata <repo> [root-public-key-file]', {
    does: 'Fetch and verify what is published, and print the targets that changed. The first time it needs the root public key (PEM) or a root.json, as a file or - for standard input; from then on trust is kept, and a key given again does not replace it.',
    reads: [...sourceVariables, ...stateVariables, 'DTUF_PROGRESS'],
    example: 'dtuf pull-metadata fred/demo root_key.pub',
  })
    .option(
      '--reset-trust',
      'forget what was trusted before and start from the key given; only where you know why',
    )
    .option(...explain)
    .option(...json)
    .action((repo: string, key: string | undefined, options: MetadataOptions) =>
      act((context) => pullMetadata(context, repo, key, options)),
    );

  command(program, 'pull-target <repo> <target...>', {
    does: 'Write targets to standard output, or one to a file, once they are wholly verified. Needs pull-metadata before.',
    reads: [...sourceVariables, ...stateVariables, 'DTUF_PROGRESS', 'DTUF_BLOB_INFO'],
    example: 'dtuf pull-target fred/demo demo.txt --output demo.txt',
  })
    .option(
      '-o, --output <file>',
      'the file to write, in place of standard output; it appears when it is whole',
    )
    .option(...explain)
    .action((repo: string, targets: string[], options: TargetOptions) =>
      act((context) => pullTarget(context, repo, targets, options)),
    );

  command(program, 'check-target <repo> <target> <file...>', {
    does: 'Compare files with what a target holds, by the signed hashes. Exit code 1 where they differ.',
    reads: [...sourceVariables, ...stateVariables, 'DTUF_PROGRESS'],
    example: 'dtuf check-target fred/demo demo.txt demo.txt && echo the same',
  })
    .option(...json)
    .action((repo: string, target: string, files: string[], options: CheckOptions) =>
      act((context) => checkTarget(context, repo, target, files, options)),
    );
}

async function pullMetadata(
  context: Context,
  repo: string,
  key: string | undefined,
  options: MetadataOptions,
): Promise<undefined> {
  if (options.resetTrust && key === undefined) {
    throw new DTufError('INVALID_ARGUMENT', '--reset-trust needs the root public key file to start from');
  }
  const copy = await openCopy(context, repo, key === undefined ? undefined : await readRootKey(key));
  if (options.resetTrust) await copy.resetTrust();
  const refreshed = await explained(context, options, repo, (onCheck) =>
    withProgress(context, (call) => copy.pullMetadata({ ...call, ...onCheck })),
  );
  if (options.json) {
    await context.output.json(refreshed);
    return;
  }
  for (const name of refreshed.changed) await context.output.name(name);
  for (const name of refreshed.removed) context.log.note(`no longer published: ${name}`);
}

function explained<T>(
  context: Context,
  options: { explain?: true },
  title: string,
  work: (call: ExplainedCall) => Promise<T>,
): Promise<T> {
  return options.explain ? withExplanation(context, title, (onCheck) => work({ onCheck })) : work({});
}

async function pullTarget(
  context: Context,
  repo: string,
  names: string[],
  options: TargetOptions,
): Promise<undefined> {
  const path = options.output;
  if (path !== undefined && names.length !== 1) {
    throw new DTufError('INVALID_ARGUMENT', `--output takes exactly one target, got ${names.length}`);
  }
  const copy = await openCopy(context, repo);
  // All are looked up before the first is written: one that is missing leaves standard output empty.
  const targets: VerifiedTarget[] = [];
  for (const name of names) {
    const find = (onCheck: ExplainedCall) => copy.pullTarget(name, { signal: context.signal, ...onCheck });
    targets.push(await explained(context, options, name, find));
  }
  await withProgress(context, async (call) => {
    for (const target of targets) {
      if (path === undefined) await print(context, target, call);
      else await target.save({ ...call, path });
    }
  });
}

async function print(context: Context, target: VerifiedTarget, call: Call): Promise<void> {
  // Verified whole, all parts of it, before the first byte is handed out.
  const reader = (await target.stream(call)).getReader();
  try {
    await (context.environment.blobInfo ? printParts(context, target, reader) : copyOut(context, reader));
  } catch (error) {
    // What failed is reported; that the source cannot be closed as well says nothing new.
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}
type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Writes each part behind a line with its digest and size. */
async function printParts(context: Context, target: VerifiedTarget, reader: Reader): Promise<void> {
  let rest: Uint8Array = new Uint8Array();
  for await (const { digest, length } of target.parts()) {
    await context.output.line(`${digest} ${length}`);
    let missing = length;
    while (missing > 0) {
      if (rest.length === 0) rest = (await reader.read()).value ?? new Uint8Array();
      if (rest.length === 0) throw new Error(`${target.name} ended before its parts did`);
      await context.output.bytes(rest.subarray(0, missing));
      [rest, missing] = [rest.subarray(missing), Math.max(0, missing - rest.length)];
    }
  }
}

async function copyOut(context: Context, reader: Reader): Promise<void> {
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    await context.output.bytes(step.value);
  }
}

async function checkTarget(
  context: Context,
  repo: string,
  name: string,
  files: string[],
  options: CheckOptions,
): Promise<number> {
  const copy = await openCopy(context, repo);
  const matches = await withProgress(context, (call) => copy.checkTarget(name, files, call));
  if (options.json) await context.output.json({ target: name, matches });
  if (matches) return exitCodes.done;
  context.log.failure(`${files.join(', ')}: not what the target ${name} holds`);
  return exitCodes.failed;
}
