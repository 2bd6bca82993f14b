// The declarations, as a strict compiler sees them that has no other types than those of its host.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page, script } from './consumers.ts';
import { type Packed, pack, repository } from './packed.ts';

const STRICT = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
};

let home: string;
let packed: Packed;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dtuf-types-'));
  packed = await pack();
});
afterAll(async () => {
  await packed?.remove();
  await rm(home, { recursive: true, force: true });
});

interface Host {
  readonly lib: readonly string[];
  readonly types: readonly string[];
}
const PAGE: Host = { lib: ['ES2022', 'DOM'], types: [] };
const NODE: Host = { lib: ['ES2022'], types: ['node'] };

/** What the compiler says of `code` in a project that has the package and the types of `host` and nothing else. */
async function compile(code: string, host: Host, resolution: string): Promise<string> {
  const folder = await mkdtemp(join(home, 'project-'));
  await cp(packed.folder, join(folder, 'node_modules/dtuf'), { recursive: true });
  for (const name of host.types.includes('node') ? ['@types/node', 'undici-types'] : []) {
    await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
  }
  const module = resolution === 'bundler' ? 'esnext' : resolution;
  const compilerOptions = { ...STRICT, ...host, module, moduleResolution: resolution };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'consumer.ts'), code);
  return runCompiler(folder);
}

async function runCompiler(folder: string): Promise<string> {
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  return promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: folder }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe.each(['bundler', 'nodenext'])('with module resolution "%s"', (resolution) => {
  test('what a page uses compiles with the DOM and without the types of Node', async () => {
    expect(await compile(page, PAGE, resolution)).toBe('');
  });

  test('what a script uses compiles with the types of Node and without the DOM', async () => {
    expect(await compile(script, NODE, resolution)).toBe('');
  });
});

test('no declaration names what was stripped from another, also where no entry leads to it', async () => {
  const folder = await mkdtemp(join(home, 'all-'));
  const compilerOptions = {
    ...STRICT,
    lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    typeRoots: [join(repository, 'node_modules/@types')],
    module: 'nodenext',
  };
  const include = [join(repository, 'dist/types/**/*.d.ts')];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
  expect(await runCompiler(folder)).toBe('');
});

test('the check above sees a wrong use', async () => {
  const wrong = "import { DTufCopy } from 'dtuf/node'; new DTufCopy({ host: 1 });";
  expect(await compile(wrong, NODE, 'bundler')).toContain('consumer.ts');
});
