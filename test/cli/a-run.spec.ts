import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { readConformance } from '../../reporters/conformance-files.ts';
import { meshproof } from './run.ts';
import { test } from './two-runs.ts';

test.describe.configure({ mode: 'default', timeout: 300_000 });

test('Uses the existing cluster, names options without effect, and releases the cluster', async ({ runs }) => {
  const { first, server, cluster } = runs;
  expect(first.exitCode, first.stderr).toBe(0);
  expect(first.stderr).toContain(`meshproof-here (context stand-in at ${server.address}) already exists; reusing it`);
  expect(first.stderr).toContain('warning: meshproof-here already exists, so --nodes=9 has no effect; --fresh creates a new one');
  expect(first.stderr).toContain('warning: meshproof-here has 1 rig, so --workers=3 runs only as many checks in parallel');
  expect(existsSync(join(cluster, 'user.json'))).toBe(false);
});

test('Prints only the short form to stdout, with the verdict last', async ({ runs }) => {
  expect(runs.first.stdout.split('\n')).toEqual([
    'meshproof PASS: 2 of 2 checks proven able to fail',
    '2 checks not selected for this run; --suite=all selects every check',
    '1 behaviour not tested yet: 1 for linkerd',
    `node ${process.versions.node}, istio 1`,
    '2 passed, 0 failed, 0 skipped',
  ]);
});

test('Reports each repetition and the shard, with the times of this run', async ({ runs }) => {
  const { report } = runs.first;
  const { checks, run } = await readConformance(join(report, 'conformance.json'));
  expect(checks.map(({ id, repetition }) => [id, repetition])).toEqual([
    ['s/a', 1],
    ['s/a', 2],
  ]);
  expect(new Set(checks.map(({ controlBecause }) => controlBecause))).toEqual(new Set(['repeated 4 times']));
  expect(run.environment['shard']).toBe('1/2');
  expect(existsSync(join(report, 'earlier.json'))).toBe(false);
  // One rig, so one worker; creating the cluster is not part of this run's time.
  expect(JSON.parse(await readFile(join(report, 'run.json'), 'utf8'))).toMatchObject({
    mesh: 'istio',
    versions: { istio: '1' },
    environment: { cluster: 'meshproof-here', workers: '1' },
    timings: {},
  });
});

test('Lets a reporter of the runner write where its variable says, and keeps its page next to the report', async ({ runs }) => {
  expect(JSON.parse(await readFile(runs.theirs, 'utf8'))).toMatchObject({ stats: { expected: expect.any(Number) } });
  expect(existsSync(join(runs.second.report, 'playwright', 'index.html'))).toBe(true);
});

test("Prints failures once if another reporter prints each check, and in GitHub's format", async ({ runs }) => {
  const { stdout, exitCode, report } = runs.second;
  const lines = stdout.split('\n');
  expect(exitCode).toBe(1);
  expect(lines).toContain(
    '::error file=suites/s/a.spec.ts,line=2,title=FAIL s/a (istio)::promise: a title%0Aobserved: expected one, observed two%0Arerun: npm test -- --check=s/a --mesh=istio',
  );
  expect(stdout, 'the list reporter').toMatch(/^ *✘ +\d+ .*s\/a\.spec\.ts:2:1 › a title/m);
  expect(lines, 'what another reporter prints is not printed again').not.toContainEqual(expect.stringMatching(/^PASS /));
  expect(lines).toContain('  promise     a title');
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(stdout).not.toContain('\u001B');
  expect(await readFile(runs.summary, 'utf8')).toBe(`${await readFile(join(report, 'conformance.md'), 'utf8')}\n`);
});

test('Compares with an earlier run in the same folder', async ({ runs }) => {
  const { stdout } = runs.second;
  expect(stdout).toMatch(/^1 regressed, 1 new since run [0-9a-f]{8} of \d{4}-\d\d-\d\d$/m);
  expect(stdout.split('\n')).toContain('  regressed  s/a (istio): PASS, now FAIL');
});

test('Names the server of an existing cluster in the run and its reports', async ({ runs }) => {
  const { stdout, stderr, report } = runs.second;
  const where = `context stand-in at ${runs.server.address}`;
  expect(stderr).toContain(`meshproof-theirs (${where}) already exists; reusing it`);
  expect(stdout).toContain(`cluster: meshproof-theirs, ${where}\n`);
  const { run } = await readConformance(join(report, 'conformance.json'));
  const expected = { cluster: 'meshproof-theirs', provider: 'existing', context: 'stand-in', server: runs.server.address };
  expect(run.environment).toMatchObject(expected);
  const markdown = await readFile(join(report, 'conformance.md'), 'utf8');
  expect(markdown.replaceAll('<!-- -->', '')).toContain(where);
});

test('Merges and compares reports, counts a copy once, and does not merge a report into itself', async ({ runs }) => {
  const { folder, second } = runs;
  const copy = join(folder, 'copy');
  await cp(second.report, copy, { recursive: true });
  const into = join(folder, 'all');
  const merged = await meshproof(['report', second.report, copy, '--into', into, '--against', copy, '--short']);
  expect(merged.exitCode).toBe(1);
  expect(merged.stderr).toMatch(/^warning: .*copy is the same report as .*report; skipping it$/);
  expect(merged.stdout).toMatch(/^1 still failing since run/m);
  expect(merged.stdout).toMatch(/^rerun: npm test -- --check=s\/a --mesh=istio$/m);
  expect((await readConformance(join(into, 'conformance.json'))).checks).toHaveLength(2);
  expect(existsSync(join(into, 'allure', 'index.html'))).toBe(true);
  const mixed = await meshproof(['report', into, second.report, '--into', into]);
  expect(mixed.stderr).toContain('error[SAME_FOLDER]');
  expect(mixed.exitCode).toBe(2);
});

test('Reports a shard without a report as an error of the merged one', async ({ runs }) => {
  const { folder, first, env } = runs;
  const into = join(folder, 'merged');
  const merged = await meshproof(['report', first.report, join(folder, 'shard-2'), '--into', into], env);
  expect(merged.exitCode, merged.stderr).toBe(3);
  expect(merged.stderr).toMatch(/error: shard 2\/2 has no report/);
  expect(merged.stderr).toMatch(/error: .*shard-2 contains no report/);
  expect((await readConformance(join(into, 'conformance.json'))).checks).toHaveLength(2);
  expect(await readFile(join(into, 'junit.xml'), 'utf8')).toMatch(/<error /);
});
