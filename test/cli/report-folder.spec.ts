import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { objectionTo } from '../../fixtures/contract/report-folder.ts';
import { readConformance, writeConformance } from '../../reporters/conformance-files.ts';
import { conformanceOf } from '../../scripts/run/on-cluster.ts';
import { claimReport, holdReport, recordStop, requireWritableReport, tidyReport } from '../../scripts/run/record.ts';
import { lastFailed } from '../../scripts/run/report-folder.ts';
import { scratchCache } from '../engine/scratch.ts';
import { sampleCheck, sampleConformance } from '../reporters/samples.ts';
import { meshproof, meshproofProcess, PROJECT } from './run.ts';
import { specOf, test, writeKubeconfig, writeSuites } from './suite-folder.ts';

const THEIRS = ['pictures/holiday.jpg', 'evidence/invoice.pdf', 'diagnostics/router.log', 'test-results/lab.csv', 'junit.xml'];

/** A folder with a user's own files under the names of meshproof's. */
async function withUsersFiles(folder: string): Promise<string> {
  const place = join(folder, 'theirs');
  for (const path of THEIRS) {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), 'mine');
  }
  return place;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

/** The report of an earlier run in which everything passed. */
async function ofLastNight(folder: string): Promise<string> {
  const conformance: Conformance = { ...sampleConformance(), checks: [sampleCheck({ id: 's/a' })] };
  await writeConformance(folder, conformance);
  await writeFile(join(folder, 'run.json'), JSON.stringify({ id: conformance.run.id, startedAt: conformance.run.startedAt }));
  await mkdir(join(folder, 'allure'));
  await writeFile(join(folder, 'allure', 'index.html'), '<html></html>');
  return folder;
}

test.describe.configure({ timeout: 300_000 });

test("Leaves nothing in the report folder after a failed start that would be mistaken for a user's file", async ({ folder }) => {
  const report = join(folder, 'report');
  await writeConformance(report, sampleConformance());
  await mkdir(join(report, 'run.json'));
  const before = await readdir(report);
  await expect(claimReport(report, 'istio', undefined)).rejects.toMatchObject({ code: 'REPORT_FOLDER' });
  expect(await readdir(report)).toEqual(before);
});

test("Removes nothing from a folder with a user's own files", async ({ folder }) => {
  const theirs = await withUsersFiles(folder);
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const night = await ofLastNight(join(folder, 'night'));
  for (const args of [
    ['test', '--report', theirs],
    ['report', night, night, '--into', theirs],
  ]) {
    const { exitCode, stderr } = await meshproof(args, env);
    expect(stderr).toMatch(/error\[REPORT_FOLDER\]: .*it contains other files: /);
    expect(exitCode).toBe(2);
    expect((await filesIn(theirs)).toSorted()).toEqual(THEIRS.toSorted());
  }
});

test('Rejects folders with another purpose, even if they are empty', async ({ folder }) => {
  const home = join(folder, 'home');
  await mkdir(home);
  await symlink(home, join(folder, 'link'));
  const before = process.env['HOME'];
  process.env['HOME'] = home;
  try {
    for (const place of [home, folder, join(folder, 'link'), '/', '.', PROJECT, dirname(PROJECT)])
      expect(objectionTo(place), place).toBeDefined();
  } finally {
    process.env['HOME'] = before;
  }
});

test('Accepts a new folder, an empty one and a report', async ({ folder }) => {
  expect(objectionTo(join(folder, 'new', 'deep'))).toBeUndefined();
  for (const place of ['suites/new', 'node_modules/x', '.git/x'])
    expect(objectionTo(join(PROJECT, place)), place).toContain('it is inside');
  await mkdir(join(folder, 'empty'));
  expect(objectionTo(join(folder, 'empty'))).toBeUndefined();
  expect(objectionTo(await ofLastNight(join(folder, 'report')))).toBeUndefined();
  await mkdir(join(folder, 'other'));
  await writeFile(join(folder, 'other', 'run.json'), '{"scripts": {}}');
  expect(objectionTo(join(folder, 'other'))).toContain('run.json');
  await writeFile(join(folder, 'report', 'run.json'), '{"id": "half');
  expect(objectionTo(join(folder, 'report')), 'its verdicts show that it is a report').toBeUndefined();
});

test('Reports a folder that cannot be created at once', async ({ folder }) => {
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'nowhere', 'at all'), join(folder, 'dangling'));
  const impossible = [join(folder, 'file'), join(folder, 'file', 'report'), join(folder, 'dangling')];
  for (const report of [...impossible, ...(process.platform === 'linux' ? ['/proc/report', '/proc/a/b/c'] : [])]) {
    const refused = { code: 'REPORT_FOLDER', exitCode: 2 };
    await expect(claimReport(report, 'istio', undefined), report).rejects.toMatchObject(refused);
    await expect(requireWritableReport(report), report).rejects.toMatchObject(refused);
  }
});

test('Records the run in its folder, and keeps the verdicts to compare with', async ({ folder }) => {
  const report = await ofLastNight(join(folder, 'report'));
  await writeFile(join(report, 'allure-history.jsonl'), '');
  const against = await claimReport(report, 'istio', report);
  expect((await readdir(report)).toSorted()).toEqual(['allure-history.jsonl', 'earlier.json', 'run.json']);
  expect((await readConformance(against)).checks).toHaveLength(1);
  await recordStop(report, new Error('the engine is gone'), true);
  expect((await readConformance(join(report, 'conformance.json'))).run.errors).toEqual([
    'the run stopped before its first check: the engine is gone',
  ]);
  await tidyReport(report);
  expect(await readdir(report)).not.toContain('earlier.json');
  const made = { ...sampleConformance(), checks: [sampleCheck()] };
  await writeConformance(report, made);
  await recordStop(report, new Error('too late'), true);
  expect((await readConformance(join(report, 'conformance.json'))).checks, 'verdicts of this run are kept').toHaveLength(1);
});

test('Leaves a folder to the run that is in progress there', async ({ folder }) => {
  await using _state = await scratchCache();
  const report = await ofLastNight(join(folder, 'report'));
  await symlink(report, join(folder, 'link'));
  const before = await filesIn(report);
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  await holdReport(report, async () => {
    const names = { ...env, MESHPROOF_CACHE: process.env['MESHPROOF_CACHE'] ?? '', MESHPROOF_STATE: process.env['MESHPROOF_STATE'] ?? '' };
    const args = ['test', '--no-engine', `--report=${join(folder, 'link')}`];
    const { stderr, exitCode } = await meshproof(args, { ...names, DOCKER_HOST: 'tcp://127.0.0.1:1' });
    expect(stderr).toContain('REPORT_IN_USE');
    expect(exitCode).toBe(2);
    expect(await filesIn(report)).toEqual(before);
    await expect(holdReport(report, async () => undefined)).rejects.toMatchObject({ code: 'REPORT_IN_USE' });
    await recordStop(report, new Error('too early'), false);
    expect((await readConformance(join(report, 'conformance.json'))).run.errors).toEqual([]);
  });
  expect(await holdReport(report, async () => 'free again')).toBe('free again');
});

test("Does not mistake verdicts of another run for this one's", async ({ folder }) => {
  const report = await ofLastNight(join(folder, 'report'));
  const { id } = sampleConformance().run;
  expect((await conformanceOf(report, id, 0)).checks).toHaveLength(1);
  const error = { code: 'NO_REPORT', exitCode: 3, message: expect.stringContaining('another run') };
  await expect(conformanceOf(report, 'mine', 0)).rejects.toMatchObject(error);
});

test.describe('run that stops before its first check', () => {
  const STOPS: readonly [string, (folder: string) => Promise<{ args: string[]; env?: Record<string, string> }>, RegExp][] = [
    ['a manifest is invalid', async () => ({ args: [] }), /MANIFEST/],
    [
      'a context is unknown',
      async (folder) => ({ args: ['--provider=existing', '--context=gone', `--kubeconfig=${await writeKubeconfig(folder, 'staging')}`] }),
      /gone/,
    ],
    ['no engine is available', async () => ({ args: ['--no-engine', '--check=s/b'], env: { DOCKER_HOST: 'tcp://127.0.0.1:1' } }), /ENGINE/],
  ];
  for (const [why, how, words] of STOPS) {
    test(`Leaves no verdicts of the earlier run when ${why}`, async ({ folder }) => {
      const suites = {
        's/a.spec.ts': specOf('s/a', 'PASS'),
        's/a.istio.yaml': 'kind: VirtualService\n',
        's/b.spec.ts': specOf('s/b', 'PASS'),
      };
      const env = await writeSuites(folder, suites);
      const report = await ofLastNight(join(folder, 'report'));
      const { args, env: more } = await how(folder);
      const { exitCode, stderr } = await meshproof(['test', ...args], { ...env, ...more });
      expect([2, 3], stderr).toContain(exitCode);
      const { run, checks } = await readConformance(join(report, 'conformance.json'));
      expect(run.errors.join()).toMatch(words);
      expect(run.errors.join()).toContain('stopped before its first check');
      expect(checks).toEqual([]);
      expect(await readFile(join(report, 'junit.xml'), 'utf8')).toMatch(/errors="1"[^]*<error /);
      expect(existsSync(join(report, 'allure'))).toBe(false);
    });
  }

  test('Fails when its report is generated again, and is not compared with', async ({ folder }) => {
    const report = await ofLastNight(join(folder, 'report'));
    await recordStop(report, new Error('the engine is gone'), false);
    const again = await meshproof(['report', report]);
    expect(again.stderr).toContain('error: the run stopped before its first check: the engine is gone');
    expect(again.exitCode).toBe(3);
    const night = await ofLastNight(join(folder, 'night'));
    const against = await meshproof(['report', night, '--against', report, '--into', join(folder, 'again')]);
    expect(against.stderr).toMatch(/warning: .*has nothing to compare with: .*stopped before its first check/);
  });

  test('Creates no folder, and a plan leaves an existing report unchanged', async ({ folder }) => {
    const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
    await meshproof(['test', '--suite=nowhere'], env);
    expect(existsSync(join(folder, 'report'))).toBe(false);
    const report = await ofLastNight(join(folder, 'report'));
    const before = await filesIn(report);
    await meshproof(['test', '--dry-run', '--suite=nowhere'], env);
    expect(await filesIn(report)).toEqual(before);
    const refused = await meshproof(['test', '--dry-run', `--report=${join(folder, 'suites/s/a.spec.ts/report')}`], env);
    expect(refused.stderr).toContain('REPORT_FOLDER');
    expect(refused.exitCode).toBe(2);
  });
});

test('Runs with --last-failed what did not pass according to the report, and fails without such a report', async ({ folder }) => {
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS'), 's/b.spec.ts': specOf('s/b', 'PASS') });
  const report = join(folder, 'report');
  const checks = [
    sampleCheck({ id: 's/a' }),
    sampleCheck({ id: 's/b', verdict: 'INCONCLUSIVE', reason: 'late', repetition: 1 }),
    sampleCheck({ id: 's/b', repetition: 2 }),
    sampleCheck({ id: 's/c', mesh: 'linkerd', verdict: 'FAIL', reason: 'no' }),
  ];
  await writeConformance(report, { ...sampleConformance(), checks });
  expect(await lastFailed(report, { mesh: 'istio' })).toEqual(['s/b']);
  const { stdout, exitCode } = await meshproofProcess(['test', '--last-failed', '--list'], env);
  expect(stdout).toMatch(/s\/b\.spec\.ts/);
  expect(stdout).toContain('Total: 1 test in 1 file');
  expect(exitCode).toBe(0);
  await writeConformance(report, { ...sampleConformance(), checks: checks.slice(0, 1) });
  const green = await meshproof(['test', '--last-failed'], env);
  expect(green.stderr).toContain('error[NO_CHECKS]');
  expect(green.exitCode).toBe(2);
  expect((await readConformance(join(report, 'conformance.json'))).checks, 'the report that was read is kept').toHaveLength(1);
  await recordStop(report, new Error('the engine is gone'), false);
  await expect(lastFailed(report, { mesh: 'istio' })).rejects.toMatchObject({ code: 'NO_REPORT', exitCode: 2 });
});
