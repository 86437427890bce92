import { join } from 'node:path';

import { defineConfig } from '@playwright/test';

import { stopWithoutParent } from './fixtures/check/parent.ts';
import { variable } from './fixtures/contract/environment.ts';
import { suitesFolder } from './fixtures/contract/catalogue.ts';
import { ALLURE_RESULTS, objectionTo } from './fixtures/contract/report-folder.ts';
import { settingsOfRun } from './fixtures/contract/settings.ts';

const { report, workers, repeatEach, listing } = settingsOfRun();

/** The runner empties its output folder. Workers read this file too, and by then the folder is ours. */
function outputFolder(): string {
  const objection = variable('TEST_WORKER_INDEX') === undefined && !listing && objectionTo(report);
  if (typeof objection === 'string') throw new Error(`${report} cannot be used for reports: ${objection}`);
  return join(report, 'test-results');
}

stopWithoutParent();

/** How checks run. `meshproof test` starts the runner with this file, after it has a cluster. */
export default defineConfig({
  testDir: suitesFolder(),
  outputDir: outputFolder(),
  globalSetup: './fixtures/contract/mark-report.ts',
  forbidOnly: variable('CI') !== undefined,
  fullyParallel: false,
  /** The measurement is taken once: a check that passes at the second attempt has proven nothing. */
  retries: 0,
  workers,
  // The runner's own option does not reach its workers, which keep the files of repetitions apart.
  repeatEach,
  timeout: 120_000,
  reporter: [
    // It writes results of tests that are only listed, too.
    ...(process.argv.includes('--list') ? [] : [['allure-playwright', { resultsDir: join(report, ALLURE_RESULTS) }] as const]),
    ['./reporters/meshproof.ts'],
  ],
});
