import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import { readConformance } from '../../reporters/conformance-files.ts';
import { meshproof } from '../cli/run.ts';
import { everyEnding, innerProject, type InnerProject } from './inner-run.ts';
import { sampleCheck, sampleConformance } from './samples.ts';

const PLANNED = 'linkerd:\n  routing/weighted-canary: Weights share the requests\n';

/** A project that was run as a whole, and in two shards whose reports were merged. */
const test = base.extend<object, { whole: string; merged: string }>({
  whole: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      await using project = await prepared();
      await project.run('routing', 'security');
      await use(project.report);
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  merged: [
    async ({ whole }, use) => {
      await using one = await prepared();
      await using other = await prepared();
      await one.run('routing', 'security', '--shard=1/2');
      await other.run('routing', 'security', '--shard=2/2');
      const out = join(dirname(whole), 'merged');
      const { exitCode, stderr } = await meshproof(['report', one.report, other.report, '--into', out]);
      expect(exitCode, stderr).toBe(1);
      await use(out);
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});
test.describe.configure({ mode: 'default', timeout: 120_000 });

function prepared(): Promise<InnerProject> {
  const before = sampleConformance();
  const checks = [
    sampleCheck({ id: 'routing/mirror-percentage' }),
    sampleCheck({ id: 'routing/gone' }),
    sampleCheck({ id: 'chaos/crashed' }),
  ];
  return innerProject({ ...everyEnding(), 'planned.yaml': PLANNED }, { against: { ...before, checks } });
}

/** Removes what may differ between two runs: times, and names that contain them. */
function timeless(text: string): unknown {
  return JSON.parse(text, (key: string, value: unknown) =>
    /^(durationMs|startedAt|start|stop|uuid|source)$/.test(key) ? undefined : value,
  );
}

test(
  'Merges two shards into the conformance.json of the whole run, including what neither selected',
  { tag: '@engine' },
  async ({ whole, merged }) => {
    const [one, other] = await Promise.all([whole, merged].map((report) => readFile(join(report, 'conformance.json'), 'utf8')));
    expect(timeless(other ?? '')).toEqual(timeless(one ?? ''));
    const { checks, notChosen, planned, against } = await readConformance(join(merged, 'conformance.json'));
    expect(checks.map(({ id }) => id)).toEqual([
      'routing/canary-header',
      'routing/mirror-percentage',
      'routing/smi-split',
      'routing/weighted-canary',
      'security/strict-workload',
    ]);
    expect(notChosen?.map(({ id }) => id)).toEqual([
      'chaos/crashed',
      'chaos/garbled',
      'chaos/left-out',
      'chaos/overclaimed',
      'chaos/timed-out',
      'resilience/circuit-breaker-ejects',
    ]);
    expect(against?.changes.map(({ id, change }) => `${change} ${id}`)).toEqual([
      'new routing/canary-header',
      'gone routing/gone',
      'regressed routing/mirror-percentage',
      'new routing/smi-split',
      'new routing/weighted-canary',
      'new security/strict-workload',
    ]);
    expect(planned).toEqual([{ id: 'routing/weighted-canary', mesh: 'linkerd', sentence: 'Weights share the requests' }]);
  },
);

test('Merges two shards into the junit.xml and conformance.md of the whole run', { tag: '@engine' }, async ({ whole, merged }) => {
  for (const name of ['junit.xml', 'conformance.md']) {
    const [one, other] = await Promise.all([whole, merged].map((report) => readFile(join(report, name), 'utf8')));
    const timed = /(?:time|timestamp)="[^"]*"|2026-\d\d-\d\dT[\d:.]+Z, [\d.]+ (?:s|min \d\d s)/g;
    expect(other?.replaceAll(timed, '')).toBe(one?.replaceAll(timed, ''));
  }
});

test(
  'Merges two shards into the Allure results of the whole run, and generates their site',
  { tag: '@engine' },
  async ({ whole, merged }) => {
    const [one, other] = await Promise.all([whole, merged].map((report) => allureResults(report)));
    expect(one).toHaveLength(5);
    expect(other).toEqual(one);
    expect(await readFile(join(merged, 'allure', 'index.html'), 'utf8')).toContain('<html');
  },
);

/** The results of the checks by name, without worker and folder. */
async function allureResults(report: string): Promise<unknown[]> {
  const folder = join(report, 'allure-results');
  const files = (await readdir(folder)).filter((file) => file.endsWith('-result.json'));
  const results = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      return timeless(text.replaceAll(/meshproof-inner-\w+/g, 'project'));
    }),
  );
  return (results as { name: string; labels: { name: string }[] }[])
    .map((result) => ({ ...result, labels: result.labels.filter(({ name }) => !['host', 'thread'].includes(name)) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
