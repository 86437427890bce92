import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { describe, SHARED } from './cluster.ts';
import { runChecks } from './run-checks.ts';

interface Configuration extends LiveObject {
  webhooks: unknown[];
}

test("Restores an injector that a killed run left disabled, before the next run's checks create pods @cluster", async ({}, info) => {
  test.setTimeout(300_000);
  const cluster = await describe(SHARED);
  const api = await KubernetesApi.open(cluster);
  const { injector } = await adapterOf(cluster, api);
  const stored = async () => {
    const found = await api.list<Configuration>('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration');
    return found.map(({ metadata: { name, labels, annotations = {} }, webhooks }) => ({ name, labels, annotations, webhooks }));
  };
  try {
    const before = await stored();
    await injector.disable(cluster.name, cluster.rigs[0] ?? '');
    expect(await stored()).not.toEqual(before);
    const { conformance, said } = await runChecks(info.outputPath('report'), ['--check', 'injection/pod-opt-out']);
    await info.attach('console', { body: said, contentType: 'text/plain' });
    expect(conformance.checks.map(({ id, verdict }) => `${verdict} ${id}`)).toEqual(['PASS injection/pod-opt-out']);
    expect(await stored()).toEqual(before);
  } finally {
    await injector.restore(cluster.name);
    api.close();
  }
});
