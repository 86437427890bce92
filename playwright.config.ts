import { join } from 'node:path';

import { defineConfig } from '@playwright/test';

import { stopWithoutParent } from './fixtures/check/parent.ts';
import { ALLURE_RESULTS, reportFolder } from './fixtures/results/report-folder.ts';

stopWithoutParent();

/** How checks run. `meshproof test` starts the runner with this file, after it has a cluster. */
export default defineConfig({
  testDir: process.env['MESHPROOF_SUITES'] ?? 'suites',
  outputDir: join(reportFolder(), 'test-results'),
  forbidOnly: process.env['CI'] !== undefined,
  fullyParallel: false,
  /** The measurement is taken once: a check that passes at the second attempt has proven nothing. */
  retries: 0,
  workers: Number(process.env['MESHPROOF_WORKERS'] ?? 2),
  timeout: 120_000,
  reporter: [['allure-playwright', { resultsDir: join(reportFolder(), ALLURE_RESULTS) }], ['./reporters/meshproof.ts']],
});
