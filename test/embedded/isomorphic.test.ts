import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { expect, test } from 'vitest';

test('the registry for pages imports nothing of Node', async () => {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL('../../adapters/registry/index.ts', import.meta.url)),
        formats: ['es'],
      },
      rolldownOptions: { external: /^node:/ },
    },
  });
  const imports = [built].flat().flatMap((bundle) => ('output' in bundle ? bundle.output : []));
  expect(imports.flatMap((chunk) => ('imports' in chunk ? chunk.imports : ['no chunk']))).toEqual([]);
});
