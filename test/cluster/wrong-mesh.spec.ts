import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { SAMPLE_IMAGE } from '../../clusters/images/recipes/sample.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { refOf } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { readManifests } from '../../clusters/kubernetes/manifests.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { liveOf } from '../../clusters/rigs/ownership.ts';
import { rigVariables } from '../../fixtures/contract/variables.ts';
import { whyNot } from '../../reporters/format.ts';
import { listChecks } from '../../scripts/run/checks.ts';
import { describe, SHARED } from './cluster.ts';
import { ROW } from './defect-table.ts';
import { DEFECTS } from './defects.ts';
import { runChecks } from './run-checks.ts';

/**
 * The checks that run under each defect in addition to those that must find it: by default the others of their suites, which takes an
 * hour; with `all` every check, which takes hours; with `none` no other, which takes a quarter of an hour.
 */
const AMONG = process.env['MESHPROOF_AMONG'] ?? 'suite';

/** The objects that introduce a defect in one rig. */
async function plantedIn(namespace: string, defect: string): Promise<Manifest[]> {
  const settings = { rootNamespace: '', trustDomain: 'cluster.local', clusterDomain: 'cluster.local', injection: { label: '', value: '' } };
  const variables = rigVariables(namespace, settings, SAMPLE_IMAGE.name);
  const objects = await readManifests(join(import.meta.dirname, 'defects', `${defect}.yaml`), variables);
  // A real defect leaves no object. With objects of others in its rig, a check is not judged, so these are labelled like an adapter's.
  const labels = { 'app.kubernetes.io/managed-by': 'meshproof' };
  return objects.map((object) => ({
    ...object,
    metadata: { namespace, ...object.metadata, labels: { ...object.metadata.labels, ...labels } },
  }));
}

/** The checks that must not find it. */
function othersThan(found: readonly string[]): string[] {
  if (AMONG === 'none') return [];
  const suites = new Set(found.map((id) => id.split('/')[0]));
  const checks = listChecks().filter(({ suite }) => AMONG === 'all' || suites.has(suite));
  return checks.map(({ id }) => id).filter((id) => !found.includes(id));
}

for (const { defect, found, words } of DEFECTS) {
  test(`Fails exactly the checks whose promise the defect ${defect} breaks @cluster`, async ({}, info) => {
    test.setTimeout(3_600_000);
    const cluster = await describe(SHARED);
    const api = await KubernetesApi.open(cluster);
    const mesh = await adapterOf(cluster, api);
    const planted = await Promise.all(cluster.rigs.map(async (namespace) => ({ namespace, objects: await plantedIn(namespace, defect) })));
    const others = othersThan(found);
    try {
      for (const { namespace, objects } of planted) {
        await api.apply(objects);
        await mesh.converge({ objects, after: 'applied', namespace });
      }
      const finders = await runChecks(info.outputPath('found'), ['--check', ...found]);
      const runs = [finders];
      if (others.length > 0) runs.push(await runChecks(info.outputPath('others'), ['--no-control', '--check', ...others]));
      const failed = runs.flatMap(({ conformance: { checks } }) =>
        checks.filter(({ verdict }) => verdict !== 'PASS' && verdict !== 'UNSUPPORTED'),
      );
      await info.attach('console', { body: runs.map(({ said }) => said).join('\n'), contentType: 'text/plain' });
      const seen = failed.map(({ id, verdict }) => `${verdict} ${id}`);
      info.annotations.push({ type: ROW, description: JSON.stringify([defect, seen.join(', '), String(others.length)]) });
      const stray = failed.filter(({ id }) => !found.includes(id)).map((check) => `${check.id}: ${whyNot(check)}`);
      expect(seen, stray.join('\n')).toEqual(found.map((id) => `FAIL ${id}`));
      for (const { finding, control } of failed) {
        expect(`${finding?.expected}\n${finding?.observed}\n${finding?.confidence}`).toMatch(words);
        expect(control).toBe('red');
      }
      expect(runs.map(({ exitCode }) => exitCode)).toEqual([1, 0].slice(0, runs.length));
    } finally {
      for (const { namespace, objects } of planted) {
        await api.remove(await liveOf(api, objects.map(refOf)));
        await mesh.converge({ objects, after: 'removed', namespace });
      }
      api.close();
    }
  });
}
