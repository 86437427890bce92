import { expect, test } from '@playwright/test';

import { writeConformance } from '../../reporters/conformance-files.ts';
import { lastFailed } from '../../scripts/run/report-folder.ts';
import { sampleCheck, sampleConformance } from '../reporters/samples.ts';

const FAIL = { verdict: 'FAIL', reason: 'no' } as const;

test('Finds what failed on one version of the mesh in the report of several, or on any if no version is named', async ({}, info) => {
  const report = info.outputPath('report');
  const [newer, older] = [{ versions: { istiod: '1.31' } }, { versions: { istiod: '1.30' } }];
  const checks = [
    sampleCheck({ id: 's/a', ...older, ...FAIL }),
    sampleCheck({ id: 's/a', ...newer }),
    sampleCheck({ id: 's/b', ...newer, ...FAIL }),
    sampleCheck({ id: 's/c', versions: { kubernetes: 'v1.35' }, ...FAIL }),
  ];
  await writeConformance(report, { ...sampleConformance(), checks });
  expect(await lastFailed(report, { mesh: 'istio' })).toEqual(['s/a', 's/b', 's/c']);
  expect(await lastFailed(report, { mesh: 'istio', versions: { istiod: '1.30' } })).toEqual(['s/a', 's/c']);
  expect(await lastFailed(report, { mesh: 'istio', versions: { istiod: '1.31' } })).toEqual(['s/b', 's/c']);
  await writeConformance(report, { ...sampleConformance(), checks: checks.slice(0, 2) });
  await expect(lastFailed(report, { mesh: 'istio', versions: { istiod: '1.31' } })).rejects.toMatchObject({
    code: 'NO_CHECKS',
    message: `no check on istio with istiod 1.31 failed in the run reported in ${report}`,
  });
});

test('Finds what failed on a patch of that version', async ({}, info) => {
  const report = info.outputPath('report');
  const checks = ['1.31.1', '1.31.2', '1.30.1'].map((istiod, index) => sampleCheck({ id: `s/${index}`, versions: { istiod }, ...FAIL }));
  await writeConformance(report, { ...sampleConformance(), checks });
  expect(await lastFailed(report, { mesh: 'istio', versions: { istiod: '1.31' } })).toEqual(['s/0', 's/1']);
});
