import { expect, test } from '@playwright/test';

import type { Facts } from '../../fixtures/contract/result.ts';
import { verdictOf, type Ending } from '../../fixtures/contract/verdict.ts';

/** The verdict and the reported state of the control, by the facts of the control (rows) and of the check (columns). */
const TABLE = `
control       | held                      | violated     | inconclusive         | unsupported             | not run
red           | PASS red                  | FAIL red     | INCONCLUSIVE red     | UNSUPPORTED red         | INCONCLUSIVE red
green         | INVALID green             | FAIL red     | INCONCLUSIVE red     | UNSUPPORTED green       | INVALID green
inconclusive  | INCONCLUSIVE inconclusive | FAIL red     | INCONCLUSIVE red     | UNSUPPORTED inconclusive | INCONCLUSIVE inconclusive
skipped       | PASS skipped              | FAIL skipped | INCONCLUSIVE skipped | UNSUPPORTED skipped     | INCONCLUSIVE skipped
`;

type Control = Facts['control']['state'];
type Check = Facts['check']['state'];

const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
const [[, ...checks] = [], ...rows] = TABLE.trim().split('\n').map(cells);
const combinations = rows.flatMap(([control, ...verdicts]) =>
  verdicts.map((cell, index) => ({ control: control as Control, check: checks[index] as Check, cell })),
);

const facts = (control: Control, check: Check): Facts => ({
  control: { state: control, reason: `of the control: ${control}` },
  check: { state: check, reason: check === 'held' ? '' : `of the check: ${check}` },
});
const shown = (given: Facts & { ending?: Ending }): string => {
  const { verdict, control } = verdictOf(given);
  return `${verdict} ${control}`;
};

test('Lists every combination of a control and a check', () => {
  expect(new Set(combinations.map(({ control, check }) => `${control} ${check}`)).size).toBe(4 * 5);
});

for (const { control, check, cell } of combinations) {
  test(`Judges control ${control} and check ${check} as ${cell}`, () => {
    const given = facts(control, check);
    const [verdict = ''] = cell.split(' ');
    expect(shown(given)).toBe(cell);

    // A rig that could not be cleaned up only prevents a PASS.
    const dirty = { ...given, cleanup: 'the rig could not be handed back' };
    expect(shown(dirty)).toBe(cell.replace('PASS', 'INCONCLUSIVE'));
    expect(verdictOf(dirty).reason).toContain('the rig could not be handed back');

    // Missing evidence changes no verdict, and is reported if evidence is needed.
    const bare = { ...given, unwritten: 'no space left' };
    expect(shown(bare)).toBe(cell);
    expect(verdictOf(bare).reason.endsWith('; no space left')).toBe(verdict !== 'PASS');

    // A test whose ending contradicts its verdict loses the two verdicts that make a run successful.
    const good: Record<string, Ending['status'][]> = { PASS: ['passed'], UNSUPPORTED: ['passed', 'skipped'] };
    for (const status of ['passed', 'failed', 'skipped', 'not run'] as const) {
      const agrees = good[verdict]?.includes(status) ?? true;
      expect(shown({ ...given, ending: { status, said: 'x' } }), status).toBe(agrees ? cell : cell.replace(verdict, 'INCONCLUSIVE'));
    }
  });
}

test('Takes the reason and the finding from the fact that decides', () => {
  const finding = { matcher: 'toSucceed', expected: 'every request succeeds', observed: '1× 503', confidence: 'exact' };
  const violated: Facts['check'] = { state: 'violated', reason: 'toSucceed does not hold', finding };
  const green: Facts['control'] = { state: 'green', reason: 'stayed green' };
  expect(verdictOf({ control: green, check: violated })).toEqual({
    verdict: 'FAIL',
    reason: 'toSucceed does not hold',
    finding,
    control: 'red',
  });
  expect(verdictOf({ control: green, check: { state: 'held', reason: '' } })).toEqual({
    verdict: 'INVALID',
    reason: 'stayed green',
    control: 'green',
  });
  const passed = facts('red', 'held');
  expect(verdictOf(passed).reason).toBe('');
  expect(verdictOf({ ...passed, cleanup: 'it stuck' }).reason).toBe('it passed, but it stuck');
  expect(verdictOf({ ...passed, ending: { status: 'failed', said: 'time is up' } }).reason).toBe(
    'the check was PASS, but its test ended as failed: time is up',
  );
});
