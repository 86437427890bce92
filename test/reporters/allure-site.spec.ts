import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from '@playwright/test';

import { test as base, watchedPage } from './browser.ts';
import { everyEnding, innerProject, type InnerProject } from './inner-run.ts';
import { serveFolder } from './static-server.ts';

const test = base.extend<object, { run: InnerProject }>({
  run: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      await using project = await innerProject(everyEnding());
      await project.run();
      await use(project);
    },
    { scope: 'worker' },
  ],
});
test.describe.configure({ mode: 'default' });

for (const kind of ['a file', 'a server'] as const) {
  test(
    `Shows suites, verdicts, the control step and attachments on the Allure site, opened from ${kind}`,
    { tag: '@engine' },
    async ({ run, reader }, info) => {
      await using server = await serveFolder(run.report);
      const home = kind === 'a file' ? pathToFileURL(run.report).href : server.url;
      const { page, complaints } = await watchedPage(reader, home);

      await page.goto(`${home}/allure/index.html`);
      for (const suite of ['chaos', 'resilience', 'routing', 'security'])
        await expect(page.getByText(suite, { exact: true }).first()).toBeVisible();
      await expect(page.getByText('4 of 10 checks proven able to fail')).toBeVisible();
      await page.screenshot({ path: info.outputPath('overview.png'), fullPage: true });

      await page.locator('button', { hasText: /^Categories\s*4$/ }).click();
      for (const category of ['INVALID:', 'INCONCLUSIVE:', 'UNSUPPORTED:', 'FAIL:'])
        await expect(page.getByText(category).first()).toBeVisible();
      await page.screenshot({ path: info.outputPath('categories.png'), fullPage: true });

      await page.locator('button', { hasText: /^Results/ }).click();
      await page.getByText('the mirror gets its share of requests').first().click();
      await expect(page.getByText('129 of 640 mirrored').first()).toBeVisible();
      await expect(page.getByText('FAIL', { exact: true }).first()).toBeVisible();
      await page.getByText('control: the selector matches nothing').click();
      await page.getByText('control patch').first().click();
      await expect(page.getByText('PeerAuthentication').first()).toBeVisible();
      await page.screenshot({ path: info.outputPath('check.png'), fullPage: true });

      expect(await page.evaluate(() => 'stolen' in globalThis), 'a title ran as a script').toBe(false);
      expect(complaints).toEqual([]);
      // This is last, because inspecting the sandboxed frame of a description makes Chromium log an error.
      await expect(page.frameLocator('iframe').first().getByText('evidence/routing/mirror-percentage/check-0.ndjson')).toBeVisible();
      await page.close();
    },
  );
}

test('Writes a junit.xml that a browser parses as XML', { tag: '@engine' }, async ({ run, reader }) => {
  const page = await reader.newPage();
  const source = await readFile(join(run.report, 'junit.xml'), 'utf8');
  const read = await page.evaluate(`
    const parsed = new DOMParser().parseFromString(${JSON.stringify(source)}, 'application/xml');
    ['parsererror', 'testcase', 'failure', 'error', 'skipped'].map((name) => parsed.getElementsByTagName(name).length);
  `);
  expect(read).toEqual([0, 11, 1, 7, 1]);
  await page.close();
});
