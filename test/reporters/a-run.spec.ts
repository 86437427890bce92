import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import { addVerdicts } from '../../reporters/allure-results.ts';
import { generateAllureSite } from '../../reporters/allure-site.ts';
import { readConformance } from '../../reporters/conformance-files.ts';
import { exitCodeOf } from '../../reporters/exit-code.ts';
import { everyEnding, innerProject, specOf, type InnerProject, type InnerRun } from './inner-run.ts';
import { sampleCheck } from './samples.ts';

/** All tests of this file share one inner run of Playwright, and therefore a worker. */
const test = base.extend<object, { run: InnerProject & InnerRun }>({
  run: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      await using project = await innerProject(everyEnding());
      await use({ ...project, ...(await project.run()) });
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});
test.describe.configure({ mode: 'default' });

test('Writes every check of the run to conformance.json with its verdict', async ({ run }) => {
  const { checks, run: facts, timings } = await readConformance(join(run.report, 'conformance.json'));
  expect(Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]))).toEqual({
    'chaos/crashed': 'INCONCLUSIVE',
    'chaos/garbled': 'INCONCLUSIVE',
    'chaos/left-out': 'INCONCLUSIVE',
    'chaos/overclaimed': 'INCONCLUSIVE',
    'chaos/timed-out': 'INCONCLUSIVE',
    'resilience/circuit-breaker-ejects': 'INCONCLUSIVE',
    'routing/canary-header': 'INVALID',
    'routing/mirror-percentage': 'FAIL',
    'routing/smi-split': 'UNSUPPORTED',
    'routing/weighted-canary': 'PASS',
    'security/strict-workload': 'PASS',
  });
  expect(facts).toMatchObject({ id: 'inner', versions: { istio: '1.31.0' }, errors: [] });
  expect(timings).toEqual({ engineMs: null, imagesMs: null, clusterMs: null, meshMs: 8000, rigsMs: null });
  const reasons = Object.fromEntries(checks.map(({ id, reason }) => [id, reason]));
  expect(reasons['chaos/crashed']).toContain('worker process exited unexpectedly');
  expect(reasons['chaos/timed-out']).toContain('timeout of 50ms exceeded');
  expect(reasons['chaos/left-out']).toContain('on a Friday');
  expect(reasons['chaos/garbled']).toContain("must have required property 'id'");
  expect(reasons['chaos/overclaimed']).toContain('the rig could not be handed back');
});

test('Fails the run, with an exit code that follows from conformance.json', async ({ run }) => {
  expect(run.exitCode).toBe(1);
  expect(exitCodeOf(await readConformance(join(run.report, 'conformance.json')))).toBe(1);
});

test('Prints what was expected and observed, the confidence, the evidence and the rerun command of each check', async ({ run }) => {
  const lines = run.stdout.split('\n');
  expect(lines.at(-1)).toBe('2 passed, 8 failed, 1 skipped');
  expect(lines).toContain('PASS         security/strict-workload (istio)  3.40 s  control red');
  const fail = lines.findIndex((line) => line.startsWith('FAIL '));
  expect(lines.slice(fail, fail + 11)).toEqual([
    'FAIL         routing/mirror-percentage (istio)  3.40 s  control red',
    '  promise     the mirror gets its share of requests',
    '  expected    10 % of the requests are mirrored',
    '  observed    129 of 640 mirrored',
    '  reason      toBeMirrored does not hold',
    '  confidence  false alarm at most 0.000001',
    '  confidence  control red: the check failed under its control (the selector matches nothing)',
    '  confidence  share of v2: 0.2014 of n = 640, interval 0.13 to 0.28, expected 0.1 ± 0.05, α = 1e-6, power 0.999 (sprt)',
    '  warning     VirtualService server: mirrorPercent is deprecated | use mirrorPercentage',
    '  evidence    report/evidence/routing/mirror-percentage/check-0.ndjson',
    '  rerun       npm test -- --check=routing/mirror-percentage --mesh=istio',
  ]);
  expect(run.stdout).not.toContain('\u001B');
});

test('Gives Allure a status for each verdict, and a site in one file that contacts nobody', async ({ run }) => {
  const results = join(run.report, 'allure-results');
  const files = (await readdir(results)).filter((file) => file.endsWith('-result.json'));
  const parsed = await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(results, file), 'utf8'))));
  const byVerdict = parsed.map(
    ({ status, labels }) => `${labels.find(({ name }: { name: string }) => name === 'verdict').value} ${status}`,
  );
  expect(Object.fromEntries(Object.entries(Object.groupBy(byVerdict, (pair) => pair)).map(([pair, all]) => [pair, all?.length]))).toEqual({
    'PASS passed': 2,
    'FAIL failed': 1,
    'INVALID broken': 1,
    'INCONCLUSIVE broken': 6,
    'UNSUPPORTED skipped': 1,
  });
  const [split] = parsed.filter(({ name }) => name === 'a 90/10 split holds');
  expect(split.steps.map(({ name }: { name: string }) => name)).toEqual(['control: the selector matches nothing', 'check']);
  expect(split.steps[0].attachments).toEqual([expect.objectContaining({ name: 'control patch' })]);
  expect(split.labels.filter(({ name }: { name: string }) => name === 'tag').map(({ value }: { value: string }) => value)).toEqual([
    'istio',
    'PASS',
  ]);
  const html = await readFile(join(run.report, 'allure/index.html'), 'utf8');
  expect(html).not.toContain('googletagmanager');
  expect((await stat(join(run.report, 'allure/index.html'))).size).toBeLessThan(8e6);
  await addVerdicts(results, 'istio');
  const again = await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(results, file), 'utf8'))));
  expect(again, 'adding verdicts a second time changes nothing').toEqual(parsed);
  await generateAllureSite({ report: run.report, conformance: await readConformance(join(run.report, 'conformance.json')), mesh: 'istio' });
  expect((await readFile(join(run.report, 'allure-history.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(1);
});

test('Counts what an interrupted run did not reach as INCONCLUSIVE, and reports that the site is missing', async () => {
  const failing = specOf(sampleCheck({ id: 'a/first', verdict: 'FAIL', reason: 'no' }), 'throw new Error("no");');
  const specs = { 'a/first.spec.ts': failing, 'b/second.spec.ts': specOf(sampleCheck({ id: 'b/second' })) };
  await using project = await innerProject(specs, { allure: false });
  const { stdout } = await project.run('-x');
  const { checks, run } = await readConformance(join(project.report, 'conformance.json'));
  expect(checks.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual([
    ['a/first', 'FAIL', 'no'],
    ['b/second', 'INCONCLUSIVE', 'The check was not run: Testing stopped early after 1 maximum allowed failures.'],
  ]);
  expect(run.errors).toEqual([expect.stringContaining('stopped early'), expect.stringContaining('allure-playwright left no results')]);
  expect(stdout.split('\n').at(-1)).toBe('0 passed, 2 failed, 0 skipped');
});

test('Leaves an earlier report unchanged when tests are only listed', async ({ run }) => {
  const before = await readFile(join(run.report, 'conformance.json'), 'utf8');
  const { stdout } = await run.run('--list');
  expect(stdout).toContain('Total: 11 tests in 11 files');
  expect(await readFile(join(run.report, 'conformance.json'), 'utf8')).toBe(before);
});
