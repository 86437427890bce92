import { expect, test } from '@playwright/test';

import { consoleFor, runnerEnvironment } from '../../scripts/run/runner-environment.ts';

test('Prints less if another reporter prints each check', () => {
  const shown = [consoleFor(false), consoleFor(false, 'html,github'), consoleFor(false, 'html,list'), consoleFor(true, 'list')];
  expect(shown).toEqual(['all', 'all', 'others', 'short']);
});

test("Never lets the runner's HTML report start a server", () => {
  expect(runnerEnvironment({ report: '/r' })).toMatchObject({ PLAYWRIGHT_HTML_OPEN: 'never', PLAYWRIGHT_HTML_OUTPUT_DIR: '/r/playwright' });
});
