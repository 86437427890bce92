import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { readManifests } from '../../clusters/kubernetes/manifests.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { describe, SHARED } from './cluster.ts';
import { runChecks } from './run-checks.ts';

/** A defect planted behind the harness's back, the checks that must find it (and no other may), and the promise that their words name. */
const DEFECTS = [
  { defect: 'permissive-server', found: ['security/strict-mesh-wide'], words: /refused/ },
  { defect: 'outlier-detection-off', found: ['resilience/circuit-breaker-ejects'], words: /never ejected/ },
  { defect: 'header-rule-to-v1', found: ['routing/canary-header'], words: /v2.*\n.*v1/ },
  { defect: 'weights-85-15', found: ['routing/canary-header'], words: /90 %/ },
  { defect: 'mirror-20-percent', found: ['routing/mirror-percentage'], words: /10 % of the requests are mirrored/ },
];

/** The checks that run over each defect: what is not planted for them must leave them green. */
const AMONG = [...new Set(DEFECTS.flatMap(({ found }) => found))];

for (const { defect, found, words } of DEFECTS) {
  test(`a mesh with the defect ${defect} fails exactly the checks that promise otherwise @cluster`, async ({}, info) => {
    test.setTimeout(240_000);
    const cluster = await describe(SHARED);
    const api = await KubernetesApi.open(cluster);
    const mesh = await adapterOf(cluster, api);
    const planted = await Promise.all(
      cluster.rigs.map(async (namespace) => ({
        namespace,
        objects: (await readManifests(join(import.meta.dirname, 'defects', `${defect}.yaml`), { NAMESPACE: namespace })).map((object) => ({
          ...object,
          metadata: { ...object.metadata, namespace },
        })),
      })),
    );
    try {
      for (const { namespace, objects } of planted) {
        await api.apply(objects);
        await mesh.converge({ objects, after: 'applied', namespace });
      }
      const { exitCode, conformance, said } = await runChecks(info.outputPath('report'), ['--check', ...AMONG]);
      await info.attach('console', { body: said, contentType: 'text/plain' });
      const failed = conformance.checks.filter(({ verdict }) => verdict !== 'PASS');
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
