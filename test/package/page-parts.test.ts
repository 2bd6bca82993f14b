// Bundlers leave out of a module what is not called, but not all of them leave out the modules that it imports: webpack carries
// them. So what a publisher needs must not even be imported beside what a reader needs.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAst } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Packed, pack } from './packed.ts';

let packed: Packed;
beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed?.remove());

interface Import {
  readonly type: string;
  readonly source?: { readonly value: string };
  readonly specifiers?: readonly { readonly local: { readonly name?: string } }[];
}

async function importsOf(name: string): Promise<{ code: string; imports: Import[] }> {
  const code = await readFile(join(packed.folder, 'dist', name), 'utf8');
  const imports = (parseAst(code).body as unknown as Import[]).filter(
    ({ type }) => type === 'ImportDeclaration',
  );
  return { code, imports };
}

/** The file that an entry takes a name from. */
async function fileOf(entry: string, name: string): Promise<string> {
  const { imports } = await importsOf(entry);
  const found = imports.find(({ specifiers }) => specifiers?.some(({ local }) => local.name === name));
  return found?.source?.value.replace('./', '') ?? entry;
}

/** All that is loaded at once with a file, itself included. */
async function loadedWith(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const wanted = [file];
  for (const name of wanted) {
    const { code, imports } = await importsOf(name);
    found.set(name, code);
    for (const { source } of imports) {
      const path = source?.value ?? '';
      if (path.startsWith('./') && !wanted.includes(path.slice(2))) wanted.push(path.slice(2));
    }
  }
  return found;
}

const publishes = (files: Map<string, string>) =>
  [...files].filter(([, code]) => code.includes('async pushMetadata(')).map(([name]) => name);

test.each(['browser.js', 'index.js'])(
  'DTufCopy of %s is in a file that imports nothing of a publisher',
  async (entry) => {
    expect(publishes(await loadedWith(await fileOf(entry, 'DTufCopy')))).toEqual([]);
  },
);

test('the check above finds a publisher where there is one', async () => {
  expect(publishes(await loadedWith('browser.js'))).not.toEqual([]);
});
