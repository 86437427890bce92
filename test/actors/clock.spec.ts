import { expect, test } from '@playwright/test';

import { clockDistance } from '../../fixtures/actors/clock.ts';

/** An agent whose clock is ahead by the given time, and whose response delays come from a list. */
const agentOn = (machine: string, aheadMs: number, delays: readonly number[] = [0]) => {
  const left = [...delays];
  return {
    identity: async () => {
      const ms = left.shift() ?? delays.at(-1) ?? 0;
      await new Promise((resolve) => setTimeout(resolve, ms));
      const now = Date.now() + aheadMs;
      return { pod: '', version: '', process: '', startedAt: 0, now, machine };
    },
  };
};

test('Finds no distance between two pods on one machine', async () => {
  expect(await clockDistance(agentOn('a', 5_000), agentOn('a', 0))).toEqual({ aheadMs: 0, errorMs: 0 });
});

test('Measures the distance of two clocks to within the stated error', async () => {
  for (const [one, other] of [
    [agentOn('a', 5_000), agentOn('b', 2_000)],
    [agentOn('', 5_000, [40, 30, 5, 20]), agentOn('', 2_000, [25])],
  ] as const) {
    const { aheadMs, errorMs } = await clockDistance(one, other);
    expect(errorMs).toBeGreaterThan(0);
    expect(Math.abs(aheadMs - 3_000)).toBeLessThanOrEqual(errorMs);
  }
});
