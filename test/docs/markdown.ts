// The documents of the project, and the code in them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** As in `README.md:12`. */
  readonly at: string;
  /** Why it cannot be run: what the comment `<!-- not run: … -->` on the line before says. */
  readonly notRun: string | undefined;
}

/** Paths of all documents, from the top of the repository. */
export function documents(): string[] {
  return ['README.md', ...['docs', 'examples'].flatMap(documentsIn)];
}

function documentsIn(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`)
    .sort();
}

export function readDocument(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

export function blocksOf(path: string): Block[] {
  const lines = readDocument(path).split('\n');
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\S*)$/.exec(lines[i] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i + 1);
    if (end < 0) throw new Error(`${path}:${i + 1}: the block has no end`);
    const notRun = /^<!-- not run: (.+) -->$/.exec(lines[i - 1] ?? '')?.[1];
    blocks.push({ language, code: lines.slice(i + 1, end).join('\n'), at: `${path}:${i + 1}`, notRun });
    i = end;
  }
  return blocks;
}

/** The rows of the first table under a heading, without its head. */
export function tableUnder(path: string, heading: string): string[][] {
  const lines = readDocument(path).split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`${path} has no heading "${heading}"`);
  const first = lines.findIndex((line, i) => i > start && line.startsWith('|'));
  const rows: string[][] = [];
  for (let i = first; lines[i]?.startsWith('|'); i++) rows.push(cells(lines[i] ?? ''));
  return rows.slice(2);
}

function cells(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
