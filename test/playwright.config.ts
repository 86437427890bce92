import { resolve } from 'node:path';

import { defineConfig } from '@playwright/test';

/** The tests start many processes, and each would compile the same modules again. */
process.env['NODE_COMPILE_CACHE'] ??= resolve(import.meta.dirname, '../node_modules/.cache/compiled');

/**
 * The runner takes a stack for each of its steps, hooks and fixtures among them, and asks the source maps about every frame: a tenth of the time
 * of all tests. A stack of packages alone has nothing to look up.
 */
const mapped = Error.prepareStackTrace?.bind(Error);
const isOurs = (file: string | null | undefined): boolean => typeof file === 'string' && !/^node:|\/node_modules\//.test(file);
Error.prepareStackTrace = (error, frames): unknown =>
  mapped !== undefined && frames.some((frame) => isOurs(frame.getFileName()))
    ? mapped(error, frames)
    : [String(error), ...frames.map(String)].join('\n    at ');

/** The tests of meshproof itself. Those tagged @engine, @cluster, @pairs or @pulled need Docker, so `npm run check` leaves them out. */
export default defineConfig({
  testDir: '.',
  forbidOnly: process.env['CI'] !== undefined,
  // Files in parallel, not tests: each worker would load nearly every file.
  fullyParallel: false,
  retries: 0,
  // One more than most machines have cores: some tests wait for a time limit and need none.
  workers: 3,
  reporter: [['line'], ['./cluster/defect-table.ts']],
  outputDir: '../test-results',
  projects: [
    { name: 'unit', grepInvert: /@engine|@cluster|@pairs|@pulled/ },
    { name: 'engine', grep: /@engine/, workers: 1 },
    { name: 'shared-cluster', testMatch: 'cluster/shared-cluster.ts', teardown: 'shared-cluster-removal', timeout: 3_000_000 },
    { name: 'shared-cluster-removal', testMatch: 'cluster/shared-cluster-removal.ts' },
    { name: 'cluster', grep: /@cluster/, workers: 1, dependencies: ['shared-cluster'] },
    { name: 'pulled', grep: /@pulled/, workers: 1, testMatch: 'pulled/pulled.spec.ts' },
    { name: 'pairs', grep: /@pairs/, workers: 1, testMatch: 'cluster/side-by-side.spec.ts' },
  ],
});
