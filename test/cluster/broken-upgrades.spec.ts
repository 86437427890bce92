import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type TestInfo } from '@playwright/test';

import { ISTIO } from '../../clusters/istio/module.ts';
import { moveIstio } from '../../clusters/istio/upgrade.ts';
import { newClusterName } from '../../clusters/names.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import type { UpgradeReport } from '../../fixtures/contract/upgrade.ts';
import { startProgress } from '../../scripts/console/progress.ts';
import { onBorrowed } from '../../scripts/run/borrowed.ts';
import { claimReport } from '../../scripts/run/record.ts';
import { upgradeRig } from '../../scripts/run/upgrade-rig.ts';
import { BROKEN_UPGRADES, type BrokenUpgrade } from './broken-upgrades.ts';
import { ROW } from './defect-table.ts';

/** Which version does not matter: each upgrade is from it to itself, so that nothing fails but what is broken on purpose. */
const [VERSION] = ISTIO.versions;
const SHAM: Pick<BrokenUpgrade, 'by' | 'broken'> = { by: 'in-place', broken: (move) => move };

/** Upgrades a cluster of its own, and removes it. */
async function upgraded({ by, broken }: Pick<BrokenUpgrade, 'by' | 'broken'>, info: TestInfo): Promise<UpgradeReport> {
  test.setTimeout(1_200_000);
  const report = info.outputPath('report');
  const provider = { kind: 'kind', nodes: 1 } as const;
  const wanted: UpOptions = {
    mesh: 'istio',
    meshVersion: VERSION,
    name: newClusterName(),
    provider,
    images: { from: 'auto' },
    engine: true,
    rigs: 1,
  };
  const task = { signal: new AbortController().signal, progress: startProgress({ lines: false }) };
  await claimReport(report, wanted.mesh, undefined);
  await onBorrowed(wanted, { fresh: true }, task, async ({ description }, signal, leases) => {
    const module: Parameters<typeof upgradeRig>[0] = {
      ...ISTIO,
      move: (cluster, api, way, ways) => broken(moveIstio(cluster, api, way, ways), { api, cluster: description, to: ways.to }),
    };
    const settings = { from: VERSION, to: VERSION, by, rollback: false, suite: [], hold: 8_000, budget: 0, rate: 10, report };
    return await upgradeRig(module, description, settings, { signal, progress: task.progress, leases });
  });
  return JSON.parse(await readFile(join(report, 'upgrade.json'), 'utf8')) as UpgradeReport;
}

for (const one of BROKEN_UPGRADES) {
  test(`Finds that ${one.name} @cluster`, async ({}, info) => {
    const { verdict, reasons, changed } = await upgraded(one, info);
    const differences = changed.map(({ what, of, before, now }) => `${what} ${of}: ${before}, then ${now}`);
    const by = [...reasons, ...differences].filter((words) => one.found.test(words));
    info.annotations.push({ type: ROW, description: JSON.stringify([one.name, by[0] ?? 'nothing', '-']) });
    expect(by, [verdict, ...reasons, ...differences].join('\n')).not.toEqual([]);
    if (by.some((words) => reasons.includes(words))) expect(verdict).toBe('NO-GO');
  });
}

test('Says GO and lists no change if a version is upgraded to itself @cluster', async ({}, info) => {
  const { verdict, reasons, changed, stations } = await upgraded(SHAM, info);
  expect(changed).toEqual([]);
  expect(Object.keys(stations[0]?.defaults ?? {}).length).toBeGreaterThan(20);
  expect(reasons.join('\n')).toContain('none failed');
  expect(verdict).toBe('GO');
});
