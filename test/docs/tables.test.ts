// What the documents list is what there is.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../adapters/cli/report.ts';
import { variables } from '../../adapters/cli/variables.ts';
import { documents, readDocument, repository, tableUnder } from './markdown.ts';

/** What stands in backquotes in a cell. */
const quoted = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest;

describe('README.md', () => {
  const help = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [join(repository, 'dist/cli.js'), ...args, '--help']))
      .stdout;

  /** How a command is called, as its help says. */
  async function usageOf(name: string) {
    const text = await help(name);
    const usage = /^Usage: dtuf (.*)$/m.exec(text)?.[1]?.replace('[options] ', '').replace(' [options]', '');
    const own = /^Options:\n([\s\S]*?)\n\n/m.exec(text)?.[1] ?? '';
    const options = [...own.matchAll(/^ {2}(-\S.*?)(?: {2}|$)/gm)].map(([, option = '']) => option.trim());
    return { usage, options: options.filter((option) => option !== '-h, --help') };
  }

  test('lists the commands that the command has, with their arguments and options', async () => {
    const part = /^Commands:\n([\s\S]*?)\n\n/m.exec(await help())?.[1] ?? '';
    const commands = [...part.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
    const expected = await Promise.all(commands.filter((name) => name !== 'help').map(usageOf));
    const listed = tableUnder('README.md', 'Commands').map(([command]) => {
      const [text = ''] = quoted(command);
      const options = [...text.matchAll(/\[(-[^\]]*)\]/g)].map(([, option = '']) => option);
      return { usage: text.replace(/ \[-[^\]]*\]/g, ''), options };
    });
    const byUsage = (a: { usage?: string | undefined }, b: { usage?: string | undefined }) =>
      (a.usage ?? '') < (b.usage ?? '') ? -1 : 1;
    const sorted = (all: { usage?: string | undefined; options: string[] }[]) =>
      all.map(({ usage, options }) => ({ usage, options: options.sort() })).sort(byUsage);
    expect(sorted(listed)).toEqual(sorted(expected));
  });

  test('lists the variables that the command reads', () => {
    const listed = tableUnder('README.md', 'Environment variables').flatMap(([names]) => quoted(names));
    expect(listed.sort()).toEqual(Object.keys(variables).sort());
  });

  test('lists the exit codes that the command has', () => {
    const listed = tableUnder('README.md', 'Exit codes').flatMap(([codes = '']) =>
      codes.split(', ').map(Number),
    );
    expect(listed.sort()).toEqual(Object.values(exitCodes).sort());
  });

  test('lists what the package exports', () => {
    const listed = tableUnder('README.md', 'Install').flatMap(([imports]) => quoted(imports));
    const exported = Object.keys(manifest.exports)
      .filter((path) => path !== './package.json')
      .map((path) => join('dtuf', path));
    expect(listed.sort()).toEqual(exported.sort());
  });
});

test('docs/dependencies.md has a line for each dependency, of the version that is used', () => {
  const listed = ['At run time', 'For development'].flatMap((heading) =>
    tableUnder('docs/dependencies.md', heading).map(([name]) => name),
  );
  const used = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(listed.sort()).toEqual(used.map(([name, version]) => `${name} ${version}`).sort());
});

test('what the documents link to is there', () => {
  const broken = documents().flatMap((path) =>
    [...readDocument(path).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(
      ([, to = '', anchor]) => {
        const target = to === '' ? path : join(dirname(path), to);
        if (!existsSync(join(repository, target))) return [`${path}: ${to}`];
        if (anchor === undefined) return [];
        const anchors = [...readDocument(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replace(/[^\w -]/g, '')
            .replaceAll(' ', '-'),
        );
        return anchors.includes(anchor) ? [] : [`${path}: ${to}#${anchor}`];
      },
    ),
  );
  expect(broken).toEqual([]);
});
