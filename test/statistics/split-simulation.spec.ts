import { expect, test } from '@playwright/test';

import { clopperPearson, splitTest, type SplitClaim } from '../../fixtures/statistics/index.ts';
import { seeded } from './generator.ts';

/** Runs the test repeatedly on requests of which a share p succeeds. */
function simulate(claim: SplitClaim, p: number, { runs, seed }: { runs: number; seed: number }) {
  const split = splitTest(claim);
  const random = seeded(seed);
  let accepted = 0;
  let requests = 0;
  for (let run = 0; run < runs; run++) {
    let n = 0;
    let successes = 0;
    let decision;
    do {
      n++;
      if (random() < p) successes++;
      decision = split.next(successes, n);
    } while (decision === 'continue');
    if (decision === 'accept') accepted++;
    requests += n;
  }
  return { accepted, rejected: runs - accepted, meanN: requests / runs };
}

test('Matches the stated rates of false alarms and misses in a simulation, at rates that it can measure', () => {
  const claim = { p0: 0.1, tolerance: 0.05, alpha: 0.01, beta: 0.02 };
  const split = splitTest(claim);
  const runs = 20_000;
  for (const [p, end] of [
    [0.1, 'rejected'],
    [0.15, 'accepted'],
    [0.05, 'accepted'],
  ] as const) {
    const seen = simulate(claim, p, { runs, seed: 1 + 1_000 * p });
    const computed = split.characteristic(p);
    const [low, high] = clopperPearson(seen[end], runs, 1e-4);
    const stated = end === 'rejected' ? claim.alpha : claim.beta;
    const exact = end === 'rejected' ? computed.reject : computed.accept;
    // The simulation agrees with the exact computation, and both with the bound.
    expect(low).toBeLessThanOrEqual(exact);
    expect(high).toBeGreaterThanOrEqual(exact);
    expect(low).toBeLessThanOrEqual(stated);
    expect(exact).toBeLessThanOrEqual(stated);
    expect(seen.meanN / computed.expectedN).toBeCloseTo(1, 1);
  }
});

test('Accepts 90/10 every time at the usual rates, and 85/15 as 90/10 hardly ever', () => {
  const claim = { p0: 0.1, tolerance: 0.05 };
  const right = simulate(claim, 0.1, { runs: 2_000, seed: 7 });
  expect(right.rejected).toBe(0);
  expect(right.meanN).toBeGreaterThan(700);
  expect(right.meanN).toBeLessThan(850);
  const wrong = simulate(claim, 0.15, { runs: 4_000, seed: 8 });
  expect(clopperPearson(wrong.accepted, 4_000, 1e-4)[0]).toBeLessThanOrEqual(1e-3);
  expect(wrong.accepted).toBeLessThan(20);
  const twice = simulate(claim, 0.2, { runs: 2_000, seed: 9 });
  expect(twice.accepted).toBe(0);
});
