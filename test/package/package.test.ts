import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { build, parseAst } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Packed, pack } from './packed.ts';

let packed: Packed;
beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed?.remove());

const read = (path: string) => readFile(join(packed.folder, path), 'utf8');

describe('the package', () => {
  test('has nothing that publint warns of', async () => {
    const bytes = await readFile(packed.tarball);
    const { messages } = await publint({
      pack: { tarball: Uint8Array.from(bytes).buffer },
      level: 'suggestion',
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  test('holds every path that its exports and its command name', () => {
    const named = [
      ...Object.values(packed.manifest.exports).flatMap((entry) =>
        typeof entry === 'string' ? [entry] : Object.values(entry),
      ),
      ...Object.values(packed.manifest.bin),
    ].map((path) => path.replace(/^\.\//, ''));
    expect(named.filter((path) => !packed.files.includes(path))).toEqual([]);
  });

  test('holds dist, the licence and the README, and no sources or tests', () => {
    const tops = new Set(packed.files.map((path) => path.split('/')[0]));
    expect([...tops].sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
  });

  test('its declarations refer to files that are there, by the extension that they are found by', async () => {
    const wrong: string[] = [];
    for (const path of packed.files.filter((file) => file.endsWith('.d.ts'))) {
      for (const [, to = ''] of (await read(path)).matchAll(/(?:from |import\()['"](\.[^'"]*)['"]/g)) {
        const there = join(path, '..', to).replace(/\.js$/, '.d.ts');
        if (!to.endsWith('.js') || !packed.files.includes(there)) wrong.push(`${path}: ${to}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** All that makes a module load others. */
function importsOf(code: string): string[] {
  const found: string[] = [];
  JSON.stringify(parseAst(code), (_, node) => {
    const { type, source } = (node ?? {}) as { type?: string; source?: { value?: unknown } | null };
    if (type === 'ImportExpression' || (/^(?:Import|Export)\w*Declaration$/.test(type ?? '') && source)) {
      found.push(`${type} ${String(source?.value)}`);
    }
    return typeof node === 'bigint' ? `${node}n` : node;
  });
  return found;
}

describe('a file for a page without a build step, or for a worker', () => {
  test.each(['dist/dtuf.min.js', 'dist/element.min.js', 'dist/worker.js'])(
    '%s loads nothing else',
    async (path) => {
      expect(importsOf(await read(path))).toEqual([]);
    },
  );

  test('the check above sees imports where there are some', async () => {
    expect(importsOf(await read('dist/index.js'))).not.toEqual([]);
    expect(importsOf('const m = import("m");')).toEqual(['ImportExpression m']);
  });
});

describe('a bundle', () => {
  /** The code that is left of one module, as an app would bundle and load it. */
  async function bundled(name: string, code: string): Promise<string> {
    const entry = join(packed.folder, name);
    await writeFile(entry, code);
    const results = await build({
      configFile: false,
      logLevel: 'silent',
      root: packed.folder,
      build: {
        write: false,
        minify: true,
        lib: { entry, formats: ['es'] },
        // Those of Node, and dependencies: what is asked here is what of ours stays.
        rolldownOptions: { external: (id) => !/^[./]|^dtuf(?:$|\/)/.test(id) },
      },
    });
    const chunks = [results]
      .flat()
      .flatMap((result) => ('output' in result ? result.output : []))
      .flatMap((output) => (output.type === 'chunk' ? [output] : []));
    // Parts that would have been loaded late are written by the bundler though nothing is left that loads them.
    const reached = new Set(chunks.filter(({ isEntry }) => isEntry));
    for (const { imports, dynamicImports } of reached) {
      for (const chunk of chunks)
        if ([...imports, ...dynamicImports].includes(chunk.fileName)) reached.add(chunk);
    }
    return [...reached].map(({ code }) => code).join('\n');
  }

  test.each(['dtuf', 'dtuf/browser', 'dtuf/worker', 'dtuf/registry', 'dtuf/node'])(
    'that imports %s and uses nothing of it has nothing of it',
    async (subpath) => {
      const code = await bundled('unused.js', `import '${subpath}';`);
      expect(code.trim()).toBe('');
    },
  );

  test('that imports dtuf/element registers the element all the same', async () => {
    expect(await bundled('element.js', "import 'dtuf/element';")).toContain('customElements.define');
  });
});
