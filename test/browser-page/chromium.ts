// A real browser for pages that are served as they will be, without a test runner in them.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';
import { chromiumArguments, executablePath } from './chromium-process.js';

export { chromiumArguments, executablePath };

/** Why the tests with Chromium cannot run, if so. In CI they fail. */
export function whyNoPage(what: string, files: readonly string[]): string | undefined {
  const missing = files.find((file) => !existsSync(file));
  const why = !existsSync(executablePath)
    ? `chromium is not installed at ${executablePath} (apt-get install chromium, or DTUF_CHROMIUM)`
    : missing && `${missing} is not there (npm run build)`;
  return notRun(what, why);
}

/** Says that tests do not run, if there is a reason. In CI it throws. @returns the reason */
export function notRun(what: string, why: string | undefined): string | undefined {
  if (why === undefined) return undefined;
  if (process.env['CI'] === 'true') throw new Error(`${what}: ${why}`);
  process.stderr.write(`NOT RUN: ${what}: ${why}\n`);
  return why;
}

export function launchChromium(...further: string[]): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...chromiumArguments, ...further] });
}
