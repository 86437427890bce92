import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { Tally } from '../../fixtures/watch/tally.ts';
import { watchWith } from '../../scripts/run/watch-rig.ts';
import { scratchFolder } from '../engine/scratch.ts';

const ABOUT = { id: 'abcd', budgetMs: 0, rate: 10, mesh: 'istio', versions: {}, environment: {} };

test('Reports a lost rig as NOT KNOWN, without what was seen since its lease last certainly held', async () => {
  await using scratch = await scratchFolder();
  const report = scratch.path;
  const [lost, over] = [new AbortController(), new AbortController()];
  const from = Date.now();
  const tally = new Tally(100);
  let looks = 0;
  const leases = {
    lost: lost.signal,
    heldUntil: 0,
    renew: async () => lost.abort(new MeshproofError('RIG_LOST', 'another process took over rig-0')),
  };
  const watcher = {
    begin: () => undefined,
    seen: () => {
      looks += 1;
      // The second look, which is the first report that is written, is confirmed later; what the third sees never is.
      for (let count = 0; count < (looks === 1 ? 0 : 50); count += 1)
        tally.add({ at: from + count, ending: looks === 2 ? '200' : '503 UH', side: '', result: looks === 2 ? 'good' : 'bad' });
      return {
        from,
        to: Date.now(),
        classes: [{ name: 'kept', title: '', promise: 'answered' as const, isAdmission: false, tally }],
        away: [],
        changes: [],
        proxies: [],
        unseen: [],
        lost: new Map(),
      };
    },
    end: async () => undefined,
  };
  const show = (): void => {
    if (looks === 2) leases.heldUntil = Date.now();
    else over.abort();
  };
  const progress = { say: () => undefined, show, pause: () => undefined };
  const code = await watchWith(watcher, ABOUT, { report }, { signal: over.signal, progress, leases });
  expect(code).toBe(EXIT.unproven);
  expect(looks).toBe(3);
  expect(JSON.parse(await readFile(join(report, 'watch.json'), 'utf8'))).toMatchObject({
    verdict: 'NOT KNOWN',
    reasons: ['another process took over rig-0'],
    watch: { state: 'ended' },
    classes: [{ asked: 50, bad: 0, endings: { '200': 50 } }],
  });
});
