// The package as npm would publish it, built from the present sources in a folder of its own: whether dist/ is up to date,
// and who else is building it, does not matter here.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the build reads, and what goes into the package beside dist/. */
const SOURCES = [
  'src',
  'adapters',
  'build.js',
  'vite.config.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'README.md',
  'LICENSE',
];

export interface Packed {
  readonly tarball: string;
  /** The content of the tarball, unpacked. */
  readonly folder: string;
  /** Paths in the tarball, as in `dist/index.js`. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
  remove(): Promise<void>;
}

/** What is read of package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

export async function pack(): Promise<Packed> {
  const home = await mkdtemp(join(tmpdir(), 'dtuf-package-'));
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const built = join(home, 'built');
    for (const name of SOURCES) await cp(join(repository, name), join(built, name), { recursive: true });
    await symlink(join(repository, 'node_modules'), join(built, 'node_modules'), 'dir');
    await run(process.execPath, ['build.js'], { cwd: built });
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', home], { cwd: built });
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    if (packed === undefined) throw new Error(`npm pack printed no package: ${stdout}`);
    const tarball = join(home, packed.filename);
    await run('tar', ['-xzf', tarball], { cwd: home });
    const folder = join(home, 'package');
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
    return { tarball, folder, files: packed.files.map(({ path }) => path), manifest, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
