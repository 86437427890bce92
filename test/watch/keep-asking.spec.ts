import { expect, test } from '@playwright/test';

import type { LoopClock } from '../../fixtures/agent/prober/open-loop.ts';
import { ADMISSION_SLOT_MS, keepAsking } from '../../fixtures/watch/admission.ts';

/** The times, in milliseconds, at which an object was sent within two minutes by a process whose timers come late by these times. */
async function timesSent(lateness: ReadonlyMap<number, number>): Promise<number[]> {
  const ended = new AbortController();
  const sent: number[] = [];
  let time = 0;
  let timers = 0;
  const clock: LoopClock = {
    now: () => time,
    after(ms, call) {
      time += ms + (lateness.get(timers++) ?? 0);
      if (time > 120_000) ended.abort();
      queueMicrotask(call);
    },
  };
  const create = async (): Promise<never> => {
    sent.push(time);
    throw new Error('no answer');
  };
  await keepAsking({ create }, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } }, () => undefined, ended.signal, clock);
  return sent;
}

test('Sends one dry run a second, also if a timer is somewhat late', async () => {
  const sent = await timesSent(new Map([[3, 700]]));
  expect(sent).toHaveLength(121);
  expect(sent.slice(2, 7)).toEqual([2_000, 3_000, 4_700, 5_000, 6_000]);
});

test('Leaves out the dry runs that a suspended process missed', async () => {
  const sent = await timesSent(new Map([[9, 60_500]]));
  expect(sent.slice(8, 13)).toEqual([8_000, 9_000, 70_500, 71_000, 72_000]);
  const most = Math.max(...sent.map((from) => sent.filter((at) => at >= from && at < from + ADMISSION_SLOT_MS).length));
  expect(most).toBeLessThanOrEqual(2);
});
