// docs/attacks.md says which test proves which row. The tests say it themselves, by `(ATTACKS n)` in their names.
// After adding tests: DTUF_WRITE_DOCS=1 npx vitest run --project node test/docs/attacks.test.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument, repository } from './markdown.ts';

const DOCUMENT = 'docs/attacks.md';

/** The rows that are to be met by now. */
const DUE = [...range(1, 47), ...range(49, 69), ...[73, ...range(76, 90)], 91, ...range(92, 99)];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** By row, the files with a test that names it. */
function tested(): ReadonlyMap<number, readonly string[]> {
  const files = new Map<number, Set<string>>();
  for (const name of readdirSync(join(repository, 'test'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts') || name.startsWith('docs/')) continue;
    const code = readFileSync(join(repository, 'test', name), 'utf8');
    for (const [, rows = ''] of code.matchAll(/\(ATTACKS ((?:\d+(?:, )?)+)\)/g)) {
      for (const row of rows.split(', ').map(Number)) {
        files.set(row, (files.get(row) ?? new Set()).add(`test/${name}`));
      }
    }
  }
  return new Map([...files].map(([row, names]) => [row, [...names]]));
}

const ROW = /^\| (\d+) \| (.*) \| (.*) \| ([^|]*) \|$/;

/** By row, the files that the document names. */
function documented(): ReadonlyMap<number, readonly string[]> {
  return new Map(
    readDocument(DOCUMENT)
      .split('\n')
      .flatMap((line) => {
        const [, row, , , files = ''] = ROW.exec(line) ?? [];
        return row === undefined
          ? []
          : [[Number(row), files.split(', ').filter((file) => file !== '')] as const];
      }),
  );
}

if (process.env['DTUF_WRITE_DOCS'] === '1') {
  const found = tested();
  const lines = readDocument(DOCUMENT)
    .split('\n')
    .map((line) =>
      line.replace(
        ROW,
        (_, row, input, outcome) =>
          `| ${row} | ${input} | ${outcome} | ${(found.get(Number(row)) ?? []).join(', ')} |`,
      ),
    );
  writeFileSync(join(repository, DOCUMENT), lines.join('\n'));
}

test('every row that is due has a test', () => {
  const found = tested();
  expect(DUE.filter((row) => !found.has(row))).toEqual([]);
});

test('the document names a test for every row that is due', () => {
  const named = documented();
  expect(DUE.filter((row) => (named.get(row) ?? []).length === 0)).toEqual([]);
});

test('each file that the document names has a test of that row', () => {
  const found = tested();
  const wrong = [...documented()].flatMap(([row, files]) =>
    files.filter((file) => found.get(row)?.includes(file) !== true).map((file) => `${row}: ${file}`),
  );
  expect(wrong).toEqual([]);
});

test('no test names a row that the document does not have', () => {
  const named = documented();
  expect([...tested().keys()].filter((row) => !named.has(row))).toEqual([]);
});
