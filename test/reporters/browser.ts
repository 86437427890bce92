import { existsSync } from 'node:fs';

import { test as base } from '@playwright/test';
import { chromium, type Browser, type Page } from 'playwright-core';

const OWN_TRAFFIC = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A Chromium for each worker. */
export const test = base.extend<object, { reader: Browser }>({
  reader: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      const executablePath = process.env['MESHPROOF_CHROMIUM'] ?? '/usr/bin/chromium';
      if (!existsSync(executablePath)) {
        throw new Error(`no Chromium at ${executablePath}: apt-get install chromium, or set MESHPROOF_CHROMIUM; see npx meshproof doctor`);
      }
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...OWN_TRAFFIC] });
      await use(browser);
      await browser.close();
    },
    { scope: 'worker' },
  ],
});

/** A page that records everything that it should not do: errors, failed requests, and requests to other hosts. */
export async function watchedPage(
  browser: Browser,
  home: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1400 }, colorScheme });
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
