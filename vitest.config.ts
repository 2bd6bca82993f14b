import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArguments, executablePath } from './test/browser-page/chromium.ts';

const pages = ['test/examples/**/*.test.ts', 'test/browser-page/{demo,engine}-*.test.ts'];

export default defineConfig({
  test: {
    // Most tests wait for processes of their own: one worker for each of two cores.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          // The last is of Workers (test/runtimes).
          exclude: ['test/browser/**', 'test/peers/**', ...pages, 'test/runtimes/worker-read.test.ts'],
          globalSetup: ['test/setup/docker-registry.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The page of the demo, and the examples, as people meet them: each is built, served and opened. And what people do to pages
        // in engines that npm test does not start.
        test: {
          name: 'pages',
          include: pages,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Registries, proxies and tools of others: `npm run peers` builds those that neither npm nor Debian has.
        test: {
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          globalSetup: ['test/setup/docker-registry.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'chromium',
          include: ['test/core/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/browser/**/*.test.ts'],
          // The first two are of browsers that are started in other ways (test/runtimes).
          // The next is long, and the same code in both: what a page does of it is in journey.test.ts. The others read
          // files and start processes.
          exclude: [
            'test/browser/little-room.test.ts',
            'test/browser/private-window.test.ts',
            'test/core/publishing.test.ts',
            'test/conformance/client.test.ts',
            'test/conformance/sigstore.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: ['test/setup/docker-registry.ts', 'test/setup/faulty-registry.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath,
                args: chromiumArguments,
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
