// examples/vite and examples/react: built as their READMEs say, with the package as it is installed, and opened in a browser.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { blocksOf } from '../docs/markdown.ts';
import { saveBy, soon, visit } from './download.ts';
import {
  copyExample,
  installPackage,
  type Published,
  published,
  repository,
  type Site,
  startSite,
  temporaryFolder,
} from './place.ts';

const built = ['browser.js', 'element.js'].map((name) => join(repository, 'dist', name));
const missing = whyNoPage('the examples with vite', built);

/** How the place is written in each, and how an export is. */
const examples = [
  {
    name: 'vite',
    root: 'public/root.json',
    registry: 'host="https://registry.example.com" repository="fred/demo"',
    exported: (bundle: string) => `host="${bundle}" layout="http"`,
    status: '[part=status]',
    checked: 'Signed, 13 bytes.',
  },
  {
    name: 'react',
    root: 'root.json',
    registry: "host: 'https://registry.example.com', repository: 'fred/demo'",
    exported: (bundle: string) => `host: '${bundle}', layout: 'http'`,
    status: 'output',
    checked: '',
  },
] as const;

/** The policy that README.md of the first asks for. */
const policy = blocksOf('examples/vite/README.md')
  .find(({ language }) => language === 'http')
  ?.code.replace('Content-Security-Policy: ', '');

it('the component of examples/react has at most 20 lines', async () => {
  const component = await readFile(join(repository, 'examples/react/Download.jsx'), 'utf8');
  expect(component.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
});

describe.skipIf(missing !== undefined)('a page that vite builds', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const cases = examples.flatMap((example) =>
    (['registry', 'export'] as const).map(
      (from) => [`examples/${example.name}, from a ${from}`, { ...example, from }] as const,
    ),
  );
  describe.each(cases)('of %s', (_, { name, root, registry, exported, status, checked, from }) => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let files: Published;
    let site: Site;
    beforeAll(async () => {
      [folder, files] = await Promise.all([
        temporaryFolder(),
        published('fred/demo', { 'demo.txt': 'Hello World!\n' }),
      ]);
      await copyExample(
        name,
        folder.path,
        from === 'registry'
          ? { 'https://registry.example.com': files.registry }
          : { [registry]: exported(files.bundle) },
      );
      await mkdir(dirname(join(folder.path, root)), { recursive: true });
      await writeFile(join(folder.path, root), files.rootJson);
      await installPackage(folder.path);
      // The runner's own NODE_ENV would make it a build for tests.
      const { NODE_ENV: _, ...env } = process.env;
      await promisify(execFile)('npm', ['run', 'build'], { cwd: folder.path, env });
      const place = from === 'registry' ? files.registry : new URL(files.bundle).origin;
      site = await startSite(join(folder.path, 'dist'), {
        'Content-Security-Policy': String(policy).replace('https://registry.example.com', place),
      });
    });
    afterAll(async () => {
      await Promise.all([site?.stop(), files?.stop()]);
      await folder?.remove();
    });

    it('saves what is verified, under its policy, and refuses what was changed', async () => {
      const visited = await visit(browser, `${site.origin}/`);
      const { page, complaints, downloads } = visited;
      const said = () => page.locator(status).textContent();
      await soon(said).toBe(checked);
      expect(await saveBy(visited, 'Download demo.txt')).toEqual(['demo.txt', 'Hello World!\n']);
      await soon(said).toBe('Verified and saved.');
      expect(complaints).toEqual([]);

      await files.tamper('demo.txt');
      await page.getByRole('button').click();
      await soon(said).toMatch(/^(Refused|Not saved): .*demo\.txt/);
      expect(downloads).toEqual(['demo.txt']);
      await page.close();
    });
  });
});
