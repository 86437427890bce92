import { readFileSync } from 'node:fs';

import { expect, test } from '@playwright/test';

import { fixedSplit, lowerTail, rareEventTest, splitTest } from '../../fixtures/statistics/index.ts';

const page = readFileSync(new URL('../../fixtures/README.md', import.meta.url), 'utf8');
const whole = (n: number) => Math.round(n).toLocaleString('en');

test('Computes the figures that the page about verdicts states', () => {
  const claim = { p0: 0.1, tolerance: 0.02 };
  const split = splitTest(claim);
  const row = (share: number, digits: number) => {
    const { accept, expectedN } = split.characteristic(share);
    return new RegExp(String.raw`\| ${Math.round(100 * share)} % +\| ${accept.toFixed(digits)} +\| ${whole(expectedN)} +\|`);
  };
  expect(page).toMatch(row(0.1, 7));
  for (const share of [0.12, 0.08, 0.13]) expect(page).toMatch(row(share, 4));
  expect(page).toContain(
    `more than ${whole(split.maxN)} requests; a fixed-size test with the same error rates always needs ${whole(fixedSplit(claim).n)}`,
  );

  const once = lowerTail(475, 500, 0.85) - lowerTail(424, 500, 0.85);
  expect(page).toContain(
    `with probability ${once.toFixed(2)}, so ten attempts accept it with probability ${(1 - (1 - once) ** 10).toFixed(4)}`,
  );

  const { n, atMost, missed } = rareEventTest({ rate: 0.001, tooMuch: 0.005 });
  expect(page).toContain(`with ${whole(n)} requests: it accepts 1 to ${atMost} events`);
  expect(page).toContain(`is accepted with probability ${missed.toFixed(4)}`);
});
