import { expect, test } from '@playwright/test';

import type { Pod } from '../../clusters/kubernetes/pods.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import type { PaceReading } from '../../fixtures/agent/protocol.ts';
import type { Attempt } from '../../fixtures/check/attempt.ts';
import { Preconditions, KUBELET_MS, weighed } from '../../fixtures/check/preconditions.ts';
import { podOf } from './rig-pods.ts';

const steady: PaceReading = { process: 'first', forMs: 3_000, stalledMs: 20, waitedMs: 100, throttledMs: 0 };

/** A rig of two samples whose behaviour a test sets. */
class StandIn {
  pods: Pod[] = [podOf('caller'), podOf('server-v2')];
  pace: Partial<PaceReading> | Error = {};
  asked = 0;
  readonly log: string[] = [];
  readonly noted = { disturbed: new Set<string>(), lateMs: 0 };

  get rig(): Parameters<typeof Preconditions.watch>[0] {
    const agent = (pod: string) => ({
      pace: async () => {
        this.log.push(`pace ${pod}`);
        if (pod !== 'server-v2') return steady;
        if (this.pace instanceof Error) throw this.pace;
        return { ...steady, ...this.pace };
      },
    });
    const rig = {
      namespace: 'rig',
      pods: [
        { namespace: 'rig', name: 'caller' },
        { namespace: 'rig', name: 'server-v2' },
      ],
      agents: new Map(['caller', 'server-v2'].map((pod) => [pod, agent(pod)])),
      mesh: { converge: async () => void this.log.push('converge') },
      api: {
        list: async (_version: string, kind: string, { namespace }: { namespace: string }) => {
          if (kind !== 'Pod' || namespace !== 'rig') return [];
          this.asked++;
          return this.pods;
        },
      },
    };
    return rig as unknown as Rig;
  }

  watch(): Promise<Preconditions> {
    return Preconditions.watch(this.rig, this.noted);
  }
}

const no = new Error('expected: …');
const finding = { matcher: 'toSucceed', expected: 'every request succeeds', observed: '1× 503', confidence: 'exact' };
const violated: Attempt = { kind: 'violated', finding, error: no };
const held: Attempt = { kind: 'held' };

test('Accepts failure and success if everything was in order', async () => {
  const preconditions = await new StandIn().watch();
  expect(await weighed(violated, preconditions, { expected: false })).toBe(violated);
  expect(await weighed(held, preconditions, { expected: true })).toBe(held);
  expect(await weighed(violated, undefined, { expected: false })).toBe(violated);
});

test('Accepts only success if a sample was not ready', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.pods = [podOf('caller'), podOf('server-v2', { since: '2026-11-29T12:00:05Z' })];
  const seen = await weighed(violated, preconditions, { expected: false });
  expect(seen).toMatchObject({ kind: 'inconclusive', finding, error: no });
  expect(seen).toHaveProperty('reason', expect.stringMatching(/^server-v2 was not ready, until 12:00:05 UTC\. /));
  expect(await weighed(held, preconditions, { expected: true })).toBe(held);
  standIn.noted.disturbed.add('server-v2');
  expect(await weighed(violated, preconditions, { expected: false })).toBe(violated);
});

test('Reports stalls and CPU throttling', async () => {
  const standIn = new StandIn();
  let preconditions = await standIn.watch();
  const again = async (): Promise<void> => {
    standIn.pace = {};
    preconditions = await standIn.watch();
  };
  for (const [pace, words] of [
    [{ stalledMs: 800 }, 'the machine did not keep up: server-v2 stalled for up to 0.8 s'],
    [{ throttledMs: 900 }, 'server-v2 was throttled by its CPU limit for 0.9 s of 3.0 s'],
    [new Error('no such pod'), 'server-v2 could not be queried: no such pod'],
  ] as const) {
    await again();
    standIn.pace = pace;
    expect(await weighed(violated, preconditions, { expected: false })).toMatchObject({
      kind: 'inconclusive',
      reason: expect.stringContaining(words),
    });
  }
  await again();
  standIn.pace = { stalledMs: 499, throttledMs: null, waitedMs: null };
  standIn.noted.lateMs = 700;
  expect(await weighed(violated, preconditions, { expected: false })).toHaveProperty(
    'reason',
    expect.stringContaining('were answered 0.7 s late'),
  );
  standIn.noted.lateMs = 499;
  await again();
  expect(await weighed(violated, preconditions, { expected: false })).toBe(violated);
});

test('Rejects even success if a sample restarted and lost its faults', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.pace = { process: 'second' };
  const lost = { kind: 'inconclusive', reason: expect.stringContaining('server-v2 restarted; its faults and its ledger are lost') };
  expect(await weighed(held, preconditions, { expected: true })).toMatchObject(lost);
  expect(await weighed(violated, preconditions, { expected: false })).toMatchObject(lost);
});

test('Rejects even success if a sample dropped its faults because it lost contact, even if the check disturbs that sample', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.noted.disturbed.add('server-v2');
  standIn.pace = { lapses: 1 };
  const lapsed = { kind: 'inconclusive', reason: expect.stringContaining('server-v2 did not hear from this run in time') };
  expect(await weighed(violated, preconditions, { expected: false })).toMatchObject(lapsed);
  expect(await weighed(held, preconditions, { expected: true })).toMatchObject(lapsed);
  // Its other readings are as the check intended.
  standIn.pace = {};
  const later = await standIn.watch();
  standIn.pace = { process: 'second' };
  expect(await weighed(violated, later, { expected: false })).toBe(violated);
});

test('Tells lateness by the machine alone, without the samples that the check disturbs', async () => {
  const standIn = new StandIn();
  const late = async (pace: Partial<PaceReading>): Promise<string[]> => {
    standIn.pace = {};
    const preconditions = await standIn.watch();
    standIn.pace = pace;
    return await preconditions.lateness();
  };
  expect(await late({ stalledMs: 499 })).toEqual([]);
  // A CPU limit is the cluster's, and would throttle a second measurement too.
  expect(await late({ throttledMs: 900 })).toEqual([]);
  expect(await late({ stalledMs: 800 })).toEqual(['the machine did not keep up: server-v2 stalled for up to 0.8 s']);
  standIn.noted.disturbed.add('server-v2');
  expect(await late({ stalledMs: 800 })).toEqual([]);
});

test('Measures again from where plain requests are too late for the tightest time limit, and judges up to half a second', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.noted.lateMs = 249;
  expect(await preconditions.lateness()).toEqual([]);
  standIn.noted.lateMs = 250;
  expect(await preconditions.lateness()).toEqual([expect.stringContaining('were answered 0.3 s late')]);
  expect(await weighed(violated, preconditions, { expected: false })).toBe(violated);
});

test('Accepts a control that failed as required on a busy machine', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.pace = { stalledMs: 3_000 };
  expect(await weighed(violated, preconditions, { expected: true })).toBe(violated);
  // A control that did not fail may owe that to the machine.
  expect(await weighed(held, preconditions, { expected: false })).toMatchObject({ kind: 'inconclusive' });
});

test('Waits after a failure of the check for what the cluster notices late', async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  const { asked } = standIn;
  const seen = weighed(violated, preconditions, { expected: false, patienceMs: KUBELET_MS });
  await expect.poll(() => standIn.asked).toBeGreaterThan(asked);
  standIn.pods = [podOf('caller'), podOf('server-v2', { container: { restartCount: 1, containerID: 'b', reason: 'OOMKilled' } })];
  expect(await seen).toMatchObject({ reason: expect.stringContaining('container app of server-v2 restarted (OOMKilled, exit code 137)') });
});

test("Keeps the message of a tool's error, and adds the possible cause", async () => {
  const standIn = new StandIn();
  const preconditions = await standIn.watch();
  standIn.pods = [podOf('caller')];
  const seen = await weighed({ kind: 'inconclusive', reason: 'AGENT_SILENT', error: no }, preconditions, { expected: false });
  expect(seen).toMatchObject({ kind: 'inconclusive', reason: 'AGENT_SILENT (server-v2 is gone)' });
});

test('Starts measuring once every sample is ready and the proxies know it', async () => {
  const standIn = new StandIn();
  standIn.pods = [podOf('caller'), podOf('server-v2', { ready: false })];
  const watching = standIn.watch();
  await expect.poll(() => standIn.asked).toBeGreaterThan(1);
  standIn.pods = [podOf('caller'), podOf('server-v2')];
  await watching;
  expect(standIn.log.at(-1)).toBe('converge');
});
