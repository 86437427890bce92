import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { WATCH_SCHEMA_VERSION, WatchReport } from '../../fixtures/contract/watch.ts';
import { reportOf, type Seen } from '../../fixtures/watch/report.ts';
import { Tally } from '../../fixtures/watch/tally.ts';
import { validated } from '../../reporters/validate.ts';
import { liveLine, outageLine, writeWatch } from '../../reporters/watch.ts';
import { scratchFolder } from '../engine/scratch.ts';

const START = Date.parse('2026-11-30T15:00:00.000Z');
const WATCH = {
  id: 'abcd',
  state: 'ended',
  budgetMs: 0,
  rate: 10,
  mesh: 'istio',
  versions: { kubernetes: 'v1.36.2' },
  environment: { cluster: 'meshproof-3f9a', context: 'staging' },
} as const;

/** Two minutes in which the API server is away for five seconds, and `kept` fails for two. */
function seen(): Seen {
  const tallies = { kept: new Tally(100), valid: new Tally(1_000), api: new Tally(1_000) };
  for (let at = START; at < START + 120_000; at += 100) {
    const failed = at >= START + 60_000 && at < START + 62_000;
    tallies.kept.add({ at, ending: failed ? '503 UH' : '200', side: "the caller's proxy", result: failed ? 'bad' : 'good' });
  }
  for (let at = START; at < START + 120_000; at += 1_000) {
    const away = at >= START + 30_000 && at < START + 35_000;
    if (!away) tallies.valid.add({ at, ending: 'admitted', side: '', result: 'good' });
    tallies.api.add({ at, ending: away ? 'no answer' : 'answered', side: 'the API server', result: away ? 'bad' : 'good' });
  }
  return {
    from: START,
    to: START + 120_000,
    classes: [
      { name: 'kept', title: 'kept | connections', promise: 'answered', isAdmission: false, tally: tallies.kept },
      { name: 'valid', title: 'a valid object', promise: 'answered', isAdmission: true, tally: tallies.valid },
      { name: 'api', title: 'the API server', promise: 'told', isAdmission: false, tally: tallies.api },
    ],
    away: tallies.api.windows,
    changes: [
      { at: START + 90_000, what: 'Pod shop/later is new' },
      { at: START + 58_500, what: 'Deployment mesh/istiod: replicas 1 → 0' },
      { at: START + 1_000, what: 'Pod shop/earlier is gone' },
    ],
    proxies: [
      { at: START - 5_000, images: ['caller proxyv2:1.30', 'server proxyv2:1.30'] },
      { at: START + 59_000, images: ['caller proxyv2:1.30', 'server proxyv2:1.31'] },
      { at: START + 70_000, images: ['caller proxyv2:1.31', 'server proxyv2:1.31'] },
    ],
    unseen: ['CustomResourceDefinition'],
    lost: new Map([['caller', 3]]),
  };
}

const report = (): WatchReport => reportOf(seen(), WATCH, WATCH_SCHEMA_VERSION);

test('Describes an outage by its time, length, failures and proxies, and by what changed then', () => {
  const [kept, valid, api] = report().classes;
  expect(kept?.windows).toEqual([
    {
      from: '2026-11-30T15:01:00.000Z',
      to: '2026-11-30T15:01:02.000Z',
      durationMs: 2_000,
      bad: 20,
      due: 20,
      endings: { '503 UH': 20 },
      sides: { "the caller's proxy": 20 },
      proxies: ['caller proxyv2:1.30', 'server proxyv2:1.31'],
      changes: ['−1.5 s Deployment mesh/istiod: replicas 1 → 0'],
    },
  ]);
  expect(valid).toMatchObject({ bad: 0, measured: 1, gaps: [] });
  expect(api?.windows).toMatchObject([{ durationMs: 5_000, bad: 5 }]);
  expect(report()).toMatchObject({
    verdict: 'OVER BUDGET',
    reasons: ['kept: 20 of 1200 failed', 'caller overwrote 3'].map((part) => expect.stringContaining(part)),
  });
});

test('Matches the published schema, which npm run docs writes', async () => {
  validated(WatchReport, report(), 'the report');
  const published: unknown = JSON.parse(await readFile(join(import.meta.dirname, '../../reporters/watch.schema.json'), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(WatchReport)));
});

test('Begins the page with the verdict, and lists outages and changes in order of time', async () => {
  await using scratch = await scratchFolder();
  const folder = scratch.path;
  await writeWatch(folder, report());
  const page = await readFile(join(folder, 'watch.md'), 'utf8');
  expect(page.split('\n')[0]).toBe('# OVER BUDGET: kept: 20 of 1200 failed, in 1 outage of 2 s; the budget is 0 s');
  expect(page).toContain('kept \\| connections');
  const lines = page.split('\n');
  const [api, kept] = ['15:00:30.0', '15:01:00.0'].map((from) => lines.findIndex((line) => line.startsWith(`| ${from} |`)));
  expect(api).toBeGreaterThan(0);
  expect(kept).toBe((api ?? 0) + 1);
  expect(page).toContain('server proxyv2:1.31');
  expect(page.indexOf('Pod shop/earlier')).toBeLessThan(page.indexOf('Pod shop/later'));
  expect(page).toContain('may not read CustomResourceDefinition');
  expect(page).not.toContain('still running');
  await writeWatch(folder, { ...report(), watch: { ...report().watch, state: 'running' } });
  expect(await readFile(join(folder, 'watch.md'), 'utf8')).toMatch(/^# OVER BUDGET so far: [^]*still running, or killed/);
  expect(JSON.parse(await readFile(join(folder, 'watch.json'), 'utf8'))).toMatchObject({ schemaVersion: 1, watch: { state: 'running' } });
});

test('Prints the progress and each outage in one line', () => {
  expect(liveLine(report())).toBe('watching for 2 min 00 s: 1315 asked, not as promised: kept 20');
  const [kept] = report().classes;
  const [window] = kept?.windows ?? [];
  if (kept === undefined || window === undefined) throw new Error('there is no outage');
  expect(outageLine(kept, window)).toBe('15:01:00.0 UTC  kept       for 2.00 s  20 of 20 failed: 20× 503 UH');
});
