// The page of the demo by the rules of axe-core: contrast, names, roles, landmarks, order of headings.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from './chromium.ts';
import { type StaticSite, startStaticSite } from './demo-site.ts';

const missing = whyNoPage('the accessibility of the demo', []);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.skipIf(missing !== undefined)('axe-core finds no violation in the page of the demo', () => {
  let site: StaticSite;
  let browser: Browser;
  let rules: string;

  beforeAll(async () => {
    [site, browser, rules] = await Promise.all([startStaticSite(), launchChromium(), readFile(axe, 'utf8')]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  /** Each rule that is not met, with the first element that does not meet it. */
  async function violations(page: Page): Promise<unknown> {
    await page.evaluate(rules);
    return page.evaluate(
      `axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]))`,
    );
  }

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each([390, 1280])('at %i pixels, at the start and after attacks', async (width) => {
      const page = await browser.newPage({
        colorScheme,
        reducedMotion: 'reduce',
        viewport: { width, height: 844 },
      });
      await page.goto(site.address);
      await page.waitForSelector('body[data-busy=false] .target');
      expect(await violations(page)).toEqual([]);
      for (const id of ['tampered-file', 'freeze', 'stolen-timestamp-key']) {
        await page.click(`[data-attack=${id}].attack`);
        await page.waitForSelector(`body[data-busy=false] #outcome[data-attack=${id}]`);
        await page.evaluate(
          `for (const details of document.querySelectorAll('#outcome details')) details.open = true`,
        );
        expect(await violations(page)).toEqual([]);
      }
      await page.close();
    });
  });
});
