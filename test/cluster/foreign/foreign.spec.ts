import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../../clusters/kubernetes/api.ts';
import type { Conformance } from '../../../fixtures/contract/conformance.ts';
import { whyNot } from '../../../reporters/format.ts';
import { meshproof } from '../cluster.ts';
import { createAsOwner, worldAtRest, worldOf } from '../guest.ts';
import { makeTheirCluster } from '../their-cluster.ts';
import { FOREIGN_MESHES } from './foreign-meshes.ts';

/** `FOREIGN="--suite=routing"` restricts the checks; a single one that passes is enough then. */
const CHOICE = (process.env['FOREIGN'] ?? '').split(' ').filter(Boolean);

/** The number of checks with each verdict, and why some are unsupported. */
function tally(name: string, checks: Conformance['checks'], durationMs: number): string {
  const counts = [...Map.groupBy(checks, ({ verdict }) => verdict)].map(([verdict, some]) => `${some.length} ${verdict}`);
  const reasons = checks.filter(({ verdict }) => verdict === 'UNSUPPORTED').map((check) => `  ${check.id}: ${whyNot(check)}`);
  return [`${name}: ${counts.join(', ')} in ${(durationMs / 60_000).toFixed(1)} min`, ...reasons].join('\n');
}

for (const foreign of FOREIGN_MESHES) {
  test(`Fails no check on a foreign mesh that does what its configuration says: ${foreign.name} @cluster`, async ({}, info) => {
    test.setTimeout(3_600_000);
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-foreign-'));
    const theirs = await makeTheirCluster(`meshproof-${foreign.name}`, foreign);
    const owner = await KubernetesApi.open(theirs);
    try {
      const { objects, revision } = foreign;
      await createAsOwner(owner, objects);
      const before = await worldAtRest(owner);
      const there = ['--provider=existing', `--context=${theirs.context}`, `--kubeconfig=${theirs.kubeconfig}`];
      const which = revision === undefined ? [] : [`--revision=${revision}`];
      const report = info.outputPath('report');
      const env = { MESHPROOF_STATE: join(folder, 'state') };
      const done = await meshproof(['test', ...there, ...which, '--report', report, ...CHOICE], env);
      await info.attach('console', { body: done.all, contentType: 'text/plain' });
      const { run, checks } = JSON.parse(await readFile(join(report, 'conformance.json'), 'utf8')) as Conformance;
      process.stdout.write(`${tally(foreign.name, checks, run.durationMs)}\n`);
      expect(run.errors).toEqual([]);
      const wrong = checks.filter(({ verdict }) => verdict !== 'PASS' && verdict !== 'UNSUPPORTED');
      expect(wrong.map((check) => `${check.verdict} ${check.id}: ${whyNot(check)}`)).toEqual([]);
      expect(checks.filter(({ verdict, control }) => verdict === 'PASS' && control !== 'red')).toEqual([]);
      const passed = checks.filter(({ verdict }) => verdict === 'PASS').length;
      expect(passed, done.all).toBeGreaterThanOrEqual(CHOICE.length === 0 ? foreign.atLeast : 1);
      expect(await worldOf(owner)).toEqual(before);
    } finally {
      owner.close();
      await theirs.remove();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
