import { expect, test } from '@playwright/test';

import { consoleFor, runnerEnvironment } from '../../scripts/run/runner-environment.ts';

test('who else tells of each check on the console decides what we tell', () => {
  const told = [consoleFor(false), consoleFor(false, 'html,github'), consoleFor(false, 'html,list'), consoleFor(true, 'list')];
  expect(told).toEqual(['all', 'all', 'others', 'short']);
});

test("the runner's HTML report never serves itself", () => {
  expect(runnerEnvironment({ report: '/r' })).toMatchObject({ PLAYWRIGHT_HTML_OPEN: 'never', PLAYWRIGHT_HTML_OUTPUT_DIR: '/r/playwright' });
});
