import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test as base } from '@playwright/test';
import { chromium, type Browser, type Page } from 'playwright-core';

import { everyEnding, innerProject, type InnerProject } from './inner-run.ts';
import { serveFolder } from './static-server.ts';

const OWN_TRAFFIC = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

const test = base.extend<object, { run: InnerProject; reader: Browser }>({
  run: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      await using project = await innerProject(everyEnding());
      await project.run();
      await use(project);
    },
    { scope: 'worker' },
  ],
  reader: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const executablePath = process.env['MESHPROOF_CHROMIUM'] ?? '/usr/bin/chromium';
      if (!existsSync(executablePath)) {
        throw new Error(
          `no Chromium at ${executablePath}: apt-get install chromium, or set MESHPROOF_CHROMIUM; meshproof doctor lists what is missing`,
        );
      }
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...OWN_TRAFFIC] });
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
});
test.describe.configure({ mode: 'default' });

/** A page that writes down whatever it should not do. */
async function watchedPage(browser: Browser, home: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1400 } });
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  const complain = (what: string): void => void complaints.push(what);
  page.on('console', (message) => message.type() === 'error' && complain(message.text()));
  page.on('pageerror', (error) => complain(error.message));
  page.on('requestfailed', (request) => complain(`failed: ${request.url()}`));
  page.on('response', (response) => response.status() >= 400 && complain(`${response.status()} ${response.url()}`));
  page.on(
    'request',
    (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(home) || complain(`left home: ${request.url()}`),
  );
  return { page, complaints };
}

for (const kind of ['a file', 'a server'] as const) {
  test(
    `the Allure site, opened from ${kind}, shows suites, verdicts, the control step and attachments`,
    { tag: '@engine' },
    async ({ run, reader }, info) => {
      await using server = await serveFolder(run.report);
      const home = kind === 'a file' ? pathToFileURL(run.report).href : server.url;
      const { page, complaints } = await watchedPage(reader, home);

      await page.goto(`${home}/allure/index.html`);
      for (const suite of ['chaos', 'resilience', 'routing', 'security'])
        await expect(page.getByText(suite, { exact: true }).first()).toBeVisible();
      await expect(page.getByText('4 of 10', { exact: true })).toBeVisible();
      await page.screenshot({ path: info.outputPath('overview.png'), fullPage: true });

      await page.locator('button', { hasText: /^Categories\s*4$/ }).click();
      for (const category of ['INVALID:', 'INCONCLUSIVE:', 'UNSUPPORTED:', 'FAIL:'])
        await expect(page.getByText(category).first()).toBeVisible();
      await page.screenshot({ path: info.outputPath('categories.png'), fullPage: true });

      await page.locator('button', { hasText: /^Results/ }).click();
      await page.getByText('the mirror gets its share of requests').first().click();
      await expect(page.getByText('Promised a mirrored share of 0.1, seen 0.2014').first()).toBeVisible();
      await expect(page.getByText('FAIL', { exact: true }).first()).toBeVisible();
      await page.getByText('control: the selector matches nothing').click();
      await page.getByText('control patch').first().click();
      await expect(page.getByText('PeerAuthentication').first()).toBeVisible();
      await page.screenshot({ path: info.outputPath('check.png'), fullPage: true });

      expect(await page.evaluate(() => 'stolen' in globalThis), 'a title ran as a script').toBe(false);
      expect(complaints).toEqual([]);
      // Last, because looking into the sandboxed frame of a description makes Chromium complain about the looking.
      await expect(page.frameLocator('iframe').first().getByText('evidence/routing/mirror-percentage/check-0.ndjson')).toBeVisible();
      await page.close();
    },
  );
}

test('a browser takes junit.xml for XML', { tag: '@engine' }, async ({ run, reader }) => {
  const page = await reader.newPage();
  const source = await readFile(join(run.report, 'junit.xml'), 'utf8');
  const read = await page.evaluate(`
    const parsed = new DOMParser().parseFromString(${JSON.stringify(source)}, 'application/xml');
    ['parsererror', 'testcase', 'failure', 'error', 'skipped'].map((name) => parsed.getElementsByTagName(name).length);
  `);
  expect(read).toEqual([0, 11, 1, 7, 1]);
  await page.close();
});
