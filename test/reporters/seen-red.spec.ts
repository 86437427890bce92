import { expect, test } from '@playwright/test';

import { describe } from '../../reporters/allure-description.ts';
import { endLines } from '../../reporters/console.ts';
import { confidence, unprovenAssertions, headline } from '../../reporters/format.ts';
import { sampleCheck, sampleConformance } from './samples.ts';

const judgements = [
  { matcher: 'toBeDenied', line: 13, judged: 32, red: 32 },
  { matcher: 'toReachOnly', line: 15, judged: 7, red: 5 },
  { matcher: 'toSucceed', line: 18, judged: 1, red: 0 },
];
const check = sampleCheck({ judgements });

test('Reports how many assertions of a check failed under its control, and lists the others on its page', () => {
  expect(confidence(check)[1]).toBe('37 of 40 assertions failed under the control');
  expect(unprovenAssertions(check)).toEqual(['toReachOnly in line 15 (2 of 7)', 'toSucceed in line 18']);
  const page = describe(check, []);
  expect(page).toContain('37 of 40 assertions failed under the control');
  expect(page).toMatch(/Assertions that did not fail under the control.*\n.*<li>toSucceed in line 18<\/li>/);
  expect(page).not.toContain('toBeDenied in line');
});

test('Prints only the total over all checks on the console', () => {
  const run = { ...sampleConformance(), checks: [check, sampleCheck({ judgements }), sampleCheck()] };
  const lines = endLines(run, 'report', 'all').join('\n');
  expect(lines).toContain('3 of 3 checks proven able to fail; 74 of 80 assertions failed under a control');
  expect(lines).not.toContain('toSucceed');
});

test('Lists nothing without assertions, or if the control did not fail', () => {
  expect(headline([sampleCheck()])).toBe('1 of 1 checks proven able to fail');
  expect(confidence(sampleCheck())).toHaveLength(1);
  expect(unprovenAssertions(sampleCheck({ control: 'skipped', judgements }))).toEqual([]);
  expect(describe(sampleCheck({ control: 'skipped', judgements }), [])).not.toContain('did not fail under the control');
});
