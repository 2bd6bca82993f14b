// What a page fetches before anything is asked of it: what the files import at once that it begins with. What is loaded late
// (ADR 7) is fetched at once all the same where one of them imports it as well.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

/** `import x from 'y'`, `import 'y'` and `export x from 'y'`, but for types. */
const AT_ONCE = /^(?:import|export)\b(?! *type\b)[^'";]*'(\.[^']+)';/gm;
const LATE = /\bimport\('(\.[^']+)'\)/g;

/** The files that `file` names. */
function named(file: string, how: RegExp): string[] {
  return [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(how)].map(([, path = '']) =>
    relative(fileURLToPath(ROOT), fileURLToPath(new URL(path, new URL(file, ROOT)))),
  );
}

function reached(...entries: string[]): Set<string> {
  const found = new Set(entries);
  for (const file of found) for (const imported of named(file, AT_ONCE)) found.add(imported);
  return found;
}

/** What `DTufCopy` of dtuf/browser is made of (vite.config.ts). */
const page = reached('src/copy.ts', 'adapters/browser/options.ts', 'adapters/browser/files.ts');

it('a page fetches at once what verifies metadata', () => {
  expect([...page]).toEqual(
    expect.arrayContaining(['src/tuf/trusted-set.ts', 'src/registry/transport.ts', 'src/json.ts']),
  );
});

it.each([
  'src/client/reader.ts',
  'src/client/trust.ts',
  'src/content/sha256.ts',
  'src/content/verify-stream.ts',
  'src/layout/legacy.ts',
  'src/layout/native-targets.ts',
  'src/layout/web.ts',
  'src/registry/auth.ts',
  'src/registry/fetch-blob.ts',
  'src/registry/redirect.ts',
  'src/registry/refusal.ts',
  'src/registry/warning.ts',
  'src/tuf/covering.ts',
  'src/tuf/delegated-set.ts',
  'src/tuf/delegations.ts',
  'src/tuf/ed25519-noble.ts',
  'src/tuf/signing.ts',
  'src/tuf/spki-keys.ts',
])('a page does not fetch %s at once', (part) => {
  expect(() => readFileSync(new URL(part, ROOT))).not.toThrow();
  expect([...page]).not.toContain(part);
});

it('nothing that a page loads late is fetched at once as well', () => {
  const late = [...page].flatMap((file) => named(file, LATE));
  expect(late.length).toBeGreaterThan(20);
  expect(late.filter((part) => page.has(part))).toEqual([]);
});
