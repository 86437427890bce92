import { expect, test } from '@playwright/test';

import type { History, LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { seeded } from '../statistics/generator.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toBeMirrored } = matchers;
const options = { percent: 10, tolerance: 0.02 };

function copyOf(id: string, own: Partial<LedgerEntry> = {}): LedgerEntry {
  return delivery(id, { pod: 'mirror', headers: { host: 'server-shadow:8080' }, ...own });
}

/** A mesh that mirrors this share of its requests at random. */
function mirrored(share: number, seed: number, n = 15_409): [History, LedgerEntry[]] {
  const random = seeded(seed);
  const history = historyOf(times(n, answered()));
  return [history, history.outcomes.filter(() => random() < share).map(({ id }) => copyOf(id))];
}

test('Accepts 10 % mirrored, and rejects 20 % and 14 % as 10 %', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const [history, ledger] = mirrored(0.1, seed);
    expect(toBeMirrored(history, options, ledger)).toMatchObject({ pass: true, statistics: [{ name: 'share mirrored', method: 'sprt' }] });
    for (const share of [0.2, 0.14, 0.06, 0]) {
      const [wrong, copies] = mirrored(share, seed);
      const judged = toBeMirrored(wrong, options, copies);
      expect(judged.pass).toBe(false);
      expect(judged.inconclusive).toBeUndefined();
    }
  }
});

test('Requires copies to be of these requests, unique, marked, and never answered to the caller', () => {
  const [history, ledger] = mirrored(0.1, 3);
  const wrong: [History, LedgerEntry[], string][] = [
    [history, [...ledger, copyOf('someone-else')], '1 copy of other requests: someone-else'],
    [history, [...ledger, ...ledger.slice(0, 1)], '1 mirrored more than once'],
    [history, [...ledger.slice(1), { ...ledger[0]!, headers: { host: 'server:8080' } }], '1 without -shadow in the host: server:8080'],
    [
      { ...history, outcomes: history.outcomes.with(7, { ...history.outcomes[7]!, ending: answered('v1', { pod: 'mirror' }) }) },
      ledger,
      '1 answered by the mirror: r-7',
    ],
  ];
  for (const [seen, copies, words] of wrong) {
    const judged = toBeMirrored(seen, options, copies);
    expect(judged.pass).toBe(false);
    expect(judged.observed).toContain(words);
  }
});

test('Accepts unmarked copies on request', () => {
  const [history, ledger] = mirrored(0.1, 4);
  const plain = ledger.map((entry) => ({ ...entry, headers: { host: 'server:8080' } }));
  expect(toBeMirrored(history, { ...options, shadowHost: false }, plain).pass).toBe(true);
  expect(toBeMirrored(history, options, plain).pass).toBe(false);
});

test('Allows no exception to 100 % and 0 %', () => {
  const [history, ledger] = mirrored(1, 5, 300);
  expect(toBeMirrored(history, { percent: 100, tolerance: 0.05 }, ledger).pass).toBe(true);
  expect(toBeMirrored(history, { percent: 100, tolerance: 0.05 }, ledger.slice(0, -1)).observed).toContain('1 not mirrored: r-299');
  expect(toBeMirrored(history, { percent: 0, tolerance: 0.05 }, []).pass).toBe(true);
  expect(toBeMirrored(history, { percent: 0, tolerance: 0.05 }, ledger.slice(-1)).pass).toBe(false);
});

test('Makes no judgement with too few requests', () => {
  const [history, ledger] = mirrored(0.1, 6, 100);
  expect(toBeMirrored(history, options, ledger).inconclusive).toContain('undecided after 100');
});
