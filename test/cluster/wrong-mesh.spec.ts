import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { readManifests } from '../../clusters/kubernetes/manifests.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { neighbourOf, outsideOf } from '../../clusters/rigs/rig.ts';
import { describe, SHARED } from './cluster.ts';
import { DEFECTS } from './defects.ts';
import { runChecks } from './run-checks.ts';

/** The checks that run over each defect beside the one that must find it; `all` takes every check, and an hour. */
const AMONG =
  process.env['MESHPROOF_AMONG'] === 'all'
    ? []
    : ['security/strict-mesh-wide', 'resilience/circuit-breaker-ejects', 'routing/canary-header', 'routing/mirror-percentage'];

/** What is planted in one rig. */
async function plantedIn(namespace: string, defect: string): Promise<Manifest[]> {
  const variables = { NAMESPACE: namespace, NEIGHBOUR: neighbourOf(namespace), OUTSIDE: outsideOf(namespace) };
  const objects = await readManifests(join(import.meta.dirname, 'defects', `${defect}.yaml`), variables);
  return objects.map((object) => ({ ...object, metadata: { namespace, ...object.metadata } }));
}

for (const { defect, found, words } of DEFECTS) {
  test(`a mesh with the defect ${defect} fails exactly the checks that promise otherwise @cluster`, async ({}, info) => {
    test.setTimeout(3_600_000);
    const cluster = await describe(SHARED);
    const api = await KubernetesApi.open(cluster);
    const mesh = await adapterOf(cluster, api);
    const planted = await Promise.all(cluster.rigs.map(async (namespace) => ({ namespace, objects: await plantedIn(namespace, defect) })));
    try {
      for (const { namespace, objects } of planted) {
        await api.apply(objects);
        await mesh.converge({ objects, after: 'applied', namespace });
      }
      const choice = AMONG.length === 0 ? [] : ['--check', ...new Set([...AMONG, ...found])];
      const { exitCode, conformance, said } = await runChecks(info.outputPath('report'), choice);
      await info.attach('console', { body: said, contentType: 'text/plain' });
      const failed = conformance.checks.filter(({ verdict }) => verdict !== 'PASS' && verdict !== 'UNSUPPORTED');
      expect(failed.map(({ id, verdict }) => `${verdict} ${id}`)).toEqual(found.map((id) => `FAIL ${id}`));
      for (const { reason, control } of failed) {
        expect(reason).toMatch(words);
        expect(control).toBe('red');
      }
      expect(exitCode).toBe(1);
    } finally {
      for (const { namespace, objects } of planted) {
        await api.remove(objects);
        await mesh.converge({ objects, after: 'removed', namespace });
      }
      api.close();
    }
  });
}
