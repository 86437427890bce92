import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect } from '@playwright/test';

import type { Conformance } from '../../fixtures/results/conformance.ts';
import { objectionTo } from '../../fixtures/results/report-folder.ts';
import { readConformance, writeConformance } from '../../reporters/conformance-files.ts';
import { sampleCheck, sampleConformance } from '../reporters/samples.ts';
import { meshproof } from './run.ts';
import { specOf, test, writeKubeconfig, writeSuites } from './suite-folder.ts';

const THEIRS = ['pictures/holiday.jpg', 'evidence/invoice.pdf', 'diagnostics/router.log', 'test-results/lab.csv', 'junit.xml'];

/** A folder with things of somebody's own under the names that ours have. */
async function ofSomebody(folder: string): Promise<string> {
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

/** The report of a night on which all was well. */
async function ofLastNight(folder: string): Promise<string> {
  const conformance: Conformance = { ...sampleConformance(), checks: [sampleCheck({ id: 's/a' })] };
  await writeConformance(folder, conformance);
  await writeFile(join(folder, 'run.json'), JSON.stringify({ id: conformance.run.id, startedAt: conformance.run.startedAt }));
  await mkdir(join(folder, 'allure'));
  await writeFile(join(folder, 'allure', 'index.html'), '<html></html>');
  return folder;
}

for (const command of ['test', 'report']) {
  test(`${command} takes nothing out of a folder of somebody else`, async ({ folder }) => {
    const theirs = await ofSomebody(folder);
    const env = { ...(await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') })) };
    const [one, other] = await Promise.all([ofLastNight(join(folder, 'one')), ofLastNight(join(folder, 'other'))]);
    const args = command === 'test' ? ['test', '--report', theirs] : ['report', one, other, '--into', theirs];
    const { exitCode, stderr } = await meshproof(args, env);
    expect(stderr).toMatch(/error\[REPORT_FOLDER\]: .*holds what is not a report: /);
    expect(exitCode).toBe(2);
    expect((await filesIn(theirs)).toSorted()).toEqual(THEIRS.toSorted());
  });
}

test('the folders in which people keep everything are not taken, even when they are empty', async ({ folder }) => {
  const home = join(folder, 'home');
  await mkdir(home);
  await symlink(home, join(folder, 'link'));
  for (const report of [home, folder, join(folder, 'link'), '/']) {
    const { exitCode, stderr } = await meshproof(['test', '--dry-run', '--report', report], { HOME: home });
    expect(stderr, report).toContain('error[REPORT_FOLDER]');
    expect(exitCode).toBe(2);
  }
});

test('a new folder, an empty one and a report are taken', async ({ folder }) => {
  expect(objectionTo(join(folder, 'new', 'deep'))).toBeUndefined();
  await mkdir(join(folder, 'empty'));
  expect(objectionTo(join(folder, 'empty'))).toBeUndefined();
  expect(objectionTo(await ofLastNight(join(folder, 'report')))).toBeUndefined();
  await writeFile(join(folder, 'file'), '');
  expect(objectionTo(join(folder, 'file'))).toBeDefined();
  await mkdir(join(folder, 'other'));
  await writeFile(join(folder, 'other', 'run.json'), '{"scripts": {}}');
  expect(objectionTo(join(folder, 'other'))).toContain('run.json');
});

test('a folder that cannot be made is said before a cluster is begun, and nothing turns for ever', async ({ folder }) => {
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'nowhere', 'at all'), join(folder, 'dangling'));
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const impossible = [join(folder, 'file', 'report'), join(folder, 'dangling'), ...(process.platform === 'linux' ? ['/proc/report'] : [])];
  for (const report of impossible) {
    const { exitCode, stderr } = await meshproof(['test', '--report', report], env);
    expect(stderr).toMatch(/error\[REPORT_FOLDER\]/);
    expect(exitCode).toBe(2);
  }
});

test.describe('a run that stops before its first check', () => {
  const STOPS: readonly [string, (folder: string) => Promise<{ args: string[]; env?: Record<string, string> }>, RegExp][] = [
    ['for a manifest', async () => ({ args: [] }), /MANIFEST/],
    ['for a suite', async () => ({ args: ['--suite=nowhere'] }), /UNKNOWN_SUITE/],
    [
      'for a context',
      async (folder) => ({ args: ['--provider=existing', '--context=gone', `--kubeconfig=${await writeKubeconfig(folder, 'staging')}`] }),
      /gone/,
    ],
    ['for want of an engine', async () => ({ args: ['--no-engine', '--check=s/b'], env: { DOCKER_HOST: 'tcp://127.0.0.1:1' } }), /ENGINE/],
  ];
  for (const [why, how, words] of STOPS) {
    test(`${why} leaves no verdict of the night before`, async ({ folder }) => {
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
      const told = await meshproof(['report', report]);
      expect(told.stderr).toMatch(words);
      expect(told.exitCode).toBe(3);
      const against = await meshproof(['test', '--dry-run', '--check=s/b', '--against', report], env);
      expect(against.stderr).toMatch(/warning: .*compared with nothing: .*stopped before its first check/);
    });
  }

  test('makes no folder where there was none, and a plan or a list leaves the report as it is', async ({ folder }) => {
    const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
    await meshproof(['test', '--suite=nowhere'], env);
    expect(existsSync(join(folder, 'report'))).toBe(false);
    const report = await ofLastNight(join(folder, 'report'));
    const before = await filesIn(report);
    for (const args of [['--list'], ['--dry-run'], ['--dry-run', '--suite=nowhere']]) await meshproof(['test', ...args], env);
    expect(await filesIn(report)).toEqual(before);
    expect((await readConformance(join(report, 'conformance.json'))).checks).toHaveLength(1);
  });
});

test('--last-failed runs what the report says did not pass, and refuses where none says so', async ({ folder }) => {
  const env = await writeSuites(folder, {
    's/a.spec.ts': specOf('s/a', 'PASS'),
    's/b.spec.ts': specOf('s/b', 'PASS'),
    's/c.spec.ts': specOf('s/c', 'PASS'),
  });
  const checks = [
    sampleCheck({ id: 's/a' }),
    sampleCheck({ id: 's/b', verdict: 'INCONCLUSIVE', reason: 'late' }),
    sampleCheck({ id: 's/gone' }),
  ];
  await writeConformance(join(folder, 'report'), { ...sampleConformance(), checks });
  const { stdout, exitCode } = await meshproof(['test', '--last-failed', '--list'], env);
  expect(stdout).toMatch(/s\/b\.spec\.ts/);
  expect(stdout).toContain('Total: 1 test in 1 file');
  expect(exitCode).toBe(0);
  await writeConformance(join(folder, 'report'), { ...sampleConformance(), checks: checks.slice(0, 1) });
  const green = await meshproof(['test', '--last-failed'], env);
  expect(green.stderr).toContain('error[NO_CHECKS]');
  expect(green.exitCode).toBe(2);
  expect((await readConformance(join(folder, 'report', 'conformance.json'))).checks, 'the report that was asked stays').toHaveLength(1);
});
