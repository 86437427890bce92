import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { Facts } from '../../fixtures/contract/run.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../../fixtures/contract/result.ts';
import { writeConformance, readConformance } from '../../reporters/conformance-files.ts';
import { meshproof } from '../cli/run.ts';
import { examinedOf, sampleCheck, sampleConformance } from './samples.ts';

const [NEW, OLD] = [{ istiod: '1.31-eed52ebb66ad' }, { istiod: '1.30-b01690e6db7d' }];
const TITLE = 'A promise holds';
const SHARE = { name: 'v1', n: 10, observed: 0.5, expected: 0.5, tolerance: 0.1, low: 0.4, high: 0.6 };

/** Writes the report of a run of one check, as the test runner and its reporters leave it. @returns its folder */
async function reportOf(folder: string, id: string, versions: Facts, changes: Partial<CheckResult> = {}): Promise<string> {
  const report = join(folder, id);
  const results = join(report, 'allure-results');
  await mkdir(results, { recursive: true });
  const check = sampleCheck({
    id: 'a/b',
    title: TITLE,
    pictures: [{ phase: 'check', picture: { kind: 'split', title: 'shares', shares: [SHARE] } }],
    ...changes,
  });
  const attachments = [{ name: RESULT_ATTACHMENT, source: `${id}-attachment.json`, type: 'application/json' }];
  await writeFile(join(results, `${id}-attachment.json`), JSON.stringify(examinedOf(check)));
  const [names, status] = [
    { name: TITLE, fullName: `a/b.spec.ts › ${TITLE}`, titlePath: ['a', 'b.spec.ts'] },
    check.verdict === 'PASS' ? 'passed' : 'failed',
  ];
  const lists = { steps: [], labels: [], links: [], parameters: [] };
  const result = {
    uuid: id,
    historyId: 'of-the-test',
    ...names,
    ...lists,
    status,
    statusDetails: {},
    stage: 'finished',
    attachments,
    start: 1,
    stop: 2,
  };
  await writeFile(join(results, `${id}-result.json`), JSON.stringify(result));
  const { against: _, ...sample } = sampleConformance();
  await writeConformance(report, { ...sample, run: { ...sample.run, id, versions }, notChosen: [], planned: [], checks: [check] });
  return report;
}

interface Result {
  uuid: string;
  name: string;
  historyId: string;
  parameters: { name: string; value: string }[];
}

async function resultsIn(report: string): Promise<Result[]> {
  const folder = join(report, 'allure-results');
  const files = (await readdir(folder)).filter((name) => name.endsWith('-result.json'));
  return Promise.all(files.toSorted().map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Result));
}
const shown = (results: readonly Result[]) =>
  results.map(({ uuid, name, historyId, parameters }) => [
    uuid,
    name,
    historyId,
    parameters.slice(3).map((one) => `${one.name} ${one.value}`),
  ]);

test.describe.configure({ timeout: 180_000 });

test('Merges folders of two versions into a site whose histories continue with each version, and ends with the worst exit code', async ({}, info) => {
  const folder = info.outputPath('folders');
  const [newer, older] = [await reportOf(folder, 'run1', NEW), await reportOf(folder, 'run2', OLD, { verdict: 'FAIL', reason: 'no' })];
  const into = join(folder, 'merged');
  const { exitCode, stdout, stderr } = await meshproof(['report', newer, older, '--into', into]);
  expect(exitCode, stderr).toBe(1);
  expect(stdout).toContain('FAIL a/b with istiod 1.30 (istio): no');
  expect(shown(await resultsIn(into))).toEqual([
    ['run1', `${TITLE} with istiod 1.31`, 'of-the-test.istio.1.31', ['istiod 1.31']],
    ['run2', `${TITLE} with istiod 1.30`, 'of-the-test.istio.1.30', ['istiod 1.30']],
  ]);
  expect((await readdir(join(into, 'pictures/a'))).toSorted()).toEqual(['b.istio.istiod-1.30', 'b.istio.istiod-1.31']);

  // Another run on one of the versions, merged with what has been merged.
  const again = await reportOf(folder, 'run3', NEW);
  await meshproof(['report', into, again, '--into', join(folder, 'more')]);
  const { checks } = await readConformance(join(folder, 'more/conformance.json'));
  expect(checks.map(({ versions, repetition }) => [versions, repetition])).toEqual([
    [{ istiod: '1.30' }, undefined],
    [{ istiod: '1.31' }, 1],
    [{ istiod: '1.31' }, 2],
  ]);
  const names = shown(await resultsIn(join(folder, 'more')));
  expect(names.map(([, name]) => name)).toEqual([`${TITLE} with istiod 1.31`, `${TITLE} with istiod 1.30`, `${TITLE} with istiod 1.31`]);
  expect(new Set(names.map(([, , historyId]) => historyId)).size).toBe(3);
});

test('Merges folders of several faults into a site whose histories continue with each fault, also of a run that was killed', async ({}, info) => {
  const folder = info.outputPath('folders');
  const [calm, down] = [await reportOf(folder, 'run1', NEW), await reportOf(folder, 'run2', NEW, { under: 'dns-down' })];
  const killed = await reportOf(folder, 'run3', NEW, { under: 'packet-loss' });
  await writeFile(join(killed, 'allure-results/run3-attachment.json'), '');
  const into = join(folder, 'merged');
  const { stderr } = await meshproof(['report', calm, down, killed, '--into', into]);
  const results = shown(await resultsIn(into));
  expect(results.slice(0, 2), stderr).toEqual([
    ['run1', TITLE, 'of-the-test.istio', []],
    ['run2', `${TITLE} under dns-down`, 'of-the-test.istio.dns-down', ['under dns-down']],
  ]);
  expect(results[2]?.[2]).toBe('of-the-test.istio.packet-loss');
});
