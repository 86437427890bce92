import { expect as base } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { currentRecord } from '../../fixtures/evidence/record.ts';
import { expect, run, test } from './examined.ts';

/** Plain requests that were answered late, which only the machine can have delayed. */
const stall = (): void => currentRecord()?.sentBeside({ outcomes: [{ dueMs: 0, answeredMs: 1_300 }] } as unknown as History);

for (const [first, second, verdict] of [
  ['DISABLE', 'STRICT', 'PASS'],
  ['STRICT', 'DISABLE', 'FAIL'],
] as const) {
  test(`Measures again if the machine was late, and judges only the second outcome: ${verdict}`, async ({ place, standIn }) => {
    const shown: (string | undefined)[] = [];
    const { result } = await run(place, standIn, async () => {
      shown.push(standIn.mode);
      const isFirst = shown.length % 2 === 1;
      if (isFirst) stall();
      expect(standIn.mode === 'STRICT' ? (isFirst ? first : second) : standIn.mode).toHold();
    });
    base(shown).toEqual(['PERMISSIVE', 'PERMISSIVE', 'STRICT', 'STRICT']);
    base(result).toMatchObject({ verdict, control: 'red', judgements: [{ matcher: 'toHold', judged: 1, red: 1 }] });
    base(result.warnings).toEqual([
      {
        phase: 'control',
        object: 'measurement',
        said: base.stringContaining('plain requests sent at the same time were answered 1.3 s late'),
      },
      { phase: 'check', object: 'measurement', said: base.stringContaining('the first one was not judged') },
    ]);
  });
}

test('Removes everything before it measures again, because proxies keep ejections and used tokens, and pods keep what became of them', async ({
  place,
  standIn,
}) => {
  let runs = 0;
  await run(place, standIn, async () => {
    runs++;
    if (runs === 2) stall();
    expect(standIn.mode).toHold();
  });
  base(standIn.log.join(', ')).toBe(
    [
      'apply PeerAuthentication/strict PERMISSIVE, converge, reset',
      'apply PeerAuthentication/strict STRICT, converge, reset',
      'revert faults, remove PeerAuthentication/strict, converge',
      'apply PeerAuthentication/strict STRICT, converge, reset',
      'revert faults, remove PeerAuthentication/strict, converge, reset',
    ].join(', '),
  );
});

test('Measures only once without a time limit, because whoever debugs a check stops it', async ({ place, standIn }) => {
  let runs = 0;
  const body = async () => {
    runs++;
    stall();
    expect(standIn.mode).toHold();
  };
  const { result } = await run(place, standIn, body, { limitMs: 0 });
  base([runs, result.verdict, result.warnings]).toEqual([2, 'PASS', undefined]);
});

test('Judges nothing if the machine did not keep up the second time either', async ({ place, standIn }) => {
  let runs = 0;
  const { result } = await run(place, standIn, async () => {
    runs++;
    if (standIn.mode === 'STRICT') stall();
    expect(standIn.mode === 'STRICT' ? 'DISABLE' : standIn.mode).toHold();
  });
  base(runs).toBe(3);
  base(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: base.stringContaining('the machine did not keep up') });
});
