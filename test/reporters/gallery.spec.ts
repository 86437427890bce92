import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from '@playwright/test';
import type { Page } from 'playwright-core';

import { PROJECT } from '../house/sources.ts';
import { test as base, watchedPage } from './browser.ts';
import { gallery, gallerySpecs } from './gallery.ts';
import { innerProject, type InnerProject } from './inner-run.ts';
import { serveFolder } from './static-server.ts';

const test = base.extend<object, { run: InnerProject }>({
  run: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      await using project = await innerProject(gallerySpecs());
      await project.run();
      await use(project);
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});
test.describe.configure({ mode: 'default', timeout: 180_000 });

/** The picture in README.md, of the same failure as its console output. */
async function writeReadmePicture(page: Page): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 1100, height: 1330 });
  await page.screenshot({ path: join(PROJECT, 'reporters/report.png') });
  if (before !== null) await page.setViewportSize(before);
}

for (const scheme of ['light', 'dark'] as const) {
  test(
    `Shows the verdict, the control and the picture on each check's page, in ${scheme} colours`,
    { tag: '@engine' },
    async ({ run, reader }, info) => {
      await using server = await serveFolder(run.report);
      const home = scheme === 'light' ? pathToFileURL(run.report).href : server.url;
      const { page, complaints } = await watchedPage(reader, home, scheme);
      await page.goto(`${home}/allure/index.html`);
      await expect(page.getByText('7 of 8 checks proven able to fail; 1 unsupported by design')).toBeVisible();
      await page.screenshot({ path: info.outputPath('overview.png'), fullPage: true });

      for (const { id, title, verdict, pictures = [] } of gallery()) {
        await page.goto(`${home}/allure/index.html`);
        const [entry, suite] = [page.getByText(title).first(), page.getByText(id.replace(/\/.*/, ''), { exact: true }).first()];
        await suite.waitFor();
        // Suites in which every check passed are collapsed.
        if (!(await entry.isVisible())) await suite.click();
        await entry.click();
        await expect(page.getByText(verdict, { exact: true }).first()).toBeVisible();
        const description = page.frameLocator('iframe[title=Description]');
        await expect(description.getByText(`npm test -- --check=${id} --mesh=istio`)).toBeVisible();
        const shown = pictures.filter(({ phase }) => phase === 'check').length || pictures.length;
        await expect(description.locator('img')).toHaveCount(shown);
        await page.screenshot({ path: info.outputPath(`${id.replace('/', '-')}.png`), fullPage: true });
        if (verdict === 'FAIL' && scheme === 'light' && process.env['MESHPROOF_GOLDEN'] === 'write') await writeReadmePicture(page);
      }
      await page.goto(`${home}/allure/index.html`);
      await page.getByText('A weighted canary').first().click();
      await page.getByText('control: the selector matches nothing').click();
      await page.getByText('Requests by version').first().click();
      await expect(page.locator('img[src^="blob:"], img[src^="data:"]').first()).toBeVisible();
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
}

test('Writes the site of a run with pictures to one file that opens quickly', { tag: '@engine' }, async ({ run }) => {
  expect((await stat(join(run.report, 'allure/index.html'))).size).toBeLessThan(8e6);
});
