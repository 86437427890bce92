import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { UPGRADE_SCHEMA_VERSION, UpgradeReport } from '../../fixtures/contract/upgrade.ts';
import { Parts } from '../../fixtures/watch/parts.ts';
import { upgradeReportOf, type Course } from '../../fixtures/watch/upgrade-report.ts';
import { writeUpgrade } from '../../reporters/upgrade.ts';
import { validated } from '../../reporters/validate.ts';
import { scratchFolder } from '../engine/scratch.ts';

const START = Date.parse('2026-11-30T15:00:00.000Z');
const STEP_MS = 30_000;
const KINDS = ['untouched', 'control', 'change', 'hold', 'restart'] as const;
const ABOUT: Parameters<typeof upgradeReportOf>[1] = {
  id: 'abcd',
  mesh: 'istio',
  from: '1.30',
  to: '1.31',
  by: 'in-place',
  rollback: false,
  suites: ['routing'],
  budgetMs: 0,
  rate: 10,
  versions: { kubernetes: 'v1.35.4' },
  environment: { cluster: 'meshproof-3f9a' },
};

const KINDS_OF_MESH = [{ kind: 'Route', added: ['spec.a.[].b', 'spec.c.b', 'spec.d'], removed: ['spec.e'] }];

/** Five steps of half a minute each. In the third, two new pods are refused. */
function report(some: Partial<Course> = {}): UpgradeReport {
  const parts = new Parts(100);
  for (const [index, kind] of KINDS.entries()) parts.mark(`the ${kind}`, START + index * STEP_MS);
  const refusedAt = new Set([START + 2 * STEP_MS + 5_000, START + 2 * STEP_MS + 6_000]);
  const to = START + KINDS.length * STEP_MS;
  for (let at = START; at < to; at += 1_000) {
    for (const { name } of parts.whole) {
      const isRefused = name === 'pod' && refusedAt.has(at);
      parts.add(name, { at, ending: isRefused ? '400 can | not' : 'ok', side: '', result: isRefused ? 'bad' : 'good' });
    }
  }
  const seen = { from: START, to, classes: parts.whole, away: [], changes: [], proxies: [], unseen: [], lost: new Map() };
  const steps = KINDS.map((kind) => ({
    name: `the ${kind}`,
    kind,
    direction: kind === 'untouched' || kind === 'control' ? ('before' as const) : ('forward' as const),
    running: ['default: 1.30, proxies 7× 1.30'],
    commands: [],
  }));
  const course = {
    legs: [{ steps, broken: [], seen, parts: parts.list(to) }] as const,
    regressed: [],
    unproven: [],
    stopped: undefined,
    findings: ['a finding'],
    kinds: KINDS_OF_MESH,
    rollbackCommands: ['kubectl rollout restart'],
    stations: [
      { at: 'before' as const, checks: { folder: 'upgrade/before', verdicts: { PASS: 3 }, errors: [] }, defaults: { a: '1', b: '2' } },
      {
        at: 'after' as const,
        checks: { folder: 'upgrade/after', verdicts: { PASS: 2, FAIL: 1 }, errors: ['stopped'] },
        unread: 'no answer',
      },
      { at: 'rollback' as const, defaults: { a: '1' } },
    ],
    changed: [{ at: 'after' as const, what: 'ending' as const, of: 'routing/a: caller to server', before: '10× 404', now: '10× 500' }],
  };
  return upgradeReportOf({ ...course, ...some }, ABOUT, UPGRADE_SCHEMA_VERSION);
}

test('Attributes what failed to its step', () => {
  const { verdict, reasons, steps } = report();
  expect([verdict, reasons[0]]).toEqual(['NO-GO', 'in the step "the change": pod: 2 of 30 failed, in 1 outage of 2 s; the budget is 0 s']);
  expect(steps.map(({ startedAt, durationMs }) => [startedAt.slice(14, 19), durationMs])).toEqual(
    ['00:00', '00:30', '01:00', '01:30', '02:00'].map((at) => [at, STEP_MS]),
  );
  expect(steps.map(({ classes }) => classes.find(({ name }) => name === 'pod')?.bad)).toEqual([0, 0, 2, 0, 0]);
});

test('Adds the rollback to the way forward, each with its own outcomes', () => {
  const one = (name: string, from: number, broken: string[]) => {
    const parts = new Parts(100);
    parts.mark(name, from);
    for (let at = from; at < from + STEP_MS; at += 1_000) parts.add('kept', { at, ending: 'ok', side: '', result: 'good' });
    const to = from + STEP_MS;
    const seen = { from, to, classes: parts.whole, away: [], changes: [], proxies: [], unseen: [], lost: new Map([['caller', 1]]) };
    const steps = [{ name, kind: 'hold' as const, direction: 'forward' as const, running: [], commands: [] }];
    return { steps, broken, seen, parts: parts.list(to) };
  };
  const legs = [one('there', START, ['no']), one('back', START + 100_000, ['nor back'])] as const;
  const { steps, upgrade, reasons } = report({ legs });
  expect(steps.map(({ name, classes }) => [name, classes.find((of) => of.name === 'kept')?.asked])).toEqual([
    ['there', 30],
    ['back', 30],
  ]);
  expect(upgrade.durationMs).toBe(100_000 + STEP_MS);
  expect(reasons).toEqual(expect.arrayContaining(['no', 'nor back', expect.stringContaining('overwrote 2 outcomes')]));
});

test('Matches the published schema, which npm run docs writes', async () => {
  validated(UpgradeReport, report(), 'the report');
  const published: unknown = JSON.parse(await readFile(join(import.meta.dirname, '../../reporters/upgrade.schema.json'), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(UpgradeReport)));
});

test('Begins the page with the verdict, then shows steps, what failed in each, outages and the rollback', async () => {
  await using scratch = await scratchFolder();
  const folder = scratch.path;
  await writeUpgrade(folder, report());
  const page = await readFile(join(folder, 'upgrade.md'), 'utf8');
  const lines = page.split('\n');
  expect(lines[0]).toMatch(/^# NO-GO: in the step "the change": pod: 2 of 30 failed/);
  expect(page).toContain('istio 1.30 → 1.31 in place');
  expect(page).toContain('| 3 | 15:01:00.0 | 30.0 s | the change | default: 1.30, proxies 7× 1.30 |');
  expect(lines.find((line) => line.startsWith('| step | kept'))).toMatch(/plaintext \| pod \| valid \| invalid \|$/);
  expect(page).toContain('**2 of 30**');
  expect(page).toContain('| pod, step 3 |');
  expect(page).toContain('can \\| not');
  expect(page).toContain('- a finding');
  expect(page).toContain('- [before](<upgrade/before/conformance.md>): 3 PASS; 2 settings of a proxy');
  expect(page).toContain(
    '- [after the upgrade](<upgrade/after/conformance.md>): 2 PASS, 1 FAIL; stopped; settings not readable: no answer',
  );
  expect(page).toContain('- after the rollback: 1 setting of a proxy');
  expect(page).toContain('| after the upgrade | ending | routing/a: caller to server | 10× 404 | 10× 500 |');
  expect(page).toContain('- Route: new: spec.a.\\[\\].b (and 1 like it), spec.d; removed: spec.e');
  expect(page).toContain('## Rollback\n\nIt was not tried');
  expect(page).not.toMatch(/way back/i);
  expect(page).toContain('```\nkubectl rollout restart\n```');
  expect(JSON.parse(await readFile(join(folder, 'upgrade.json'), 'utf8'))).toMatchObject({ schemaVersion: 1, verdict: 'NO-GO' });
});
