import { expect, test } from '@playwright/test';

import type { LiveObject, ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { FACTS } from '../../clusters/istio/facts.ts';
import type { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { until } from '../../clusters/until.ts';
import { FaultJournal } from '../../fixtures/faults/fault.ts';
import { PodChurn } from '../../fixtures/faults/pod-churn.ts';
import { ownedBy } from '../rigs/owned-by.ts';
import { SAMPLES } from '../rigs/samples.ts';

/** A cluster with a Deployment of one pod, which is replaced after each change of the template. */
class Cluster {
  readonly objects = new Map<string, LiveObject>();
  rollouts = 0;
  /** Whether rollouts create no pod. */
  stuck = false;

  readonly changes = {
    apply: async (objects: readonly Manifest[]) => {
      for (const object of objects) this.objects.set(object.kind, ownedBy('run', object));
    },
    get: async ({ kind }: ObjectRef) => {
      const live = this.objects.get(kind);
      const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
      return live && { ...live, metadata: { ...live.metadata, generation: 1 }, status };
    },
    find: async ({ kind }: ObjectRef) => this.objects.get(kind),
    patch: async () => {
      await new Promise(setImmediate);
      this.rollouts += this.stuck ? 0 : 1;
    },
    remove: async (objects: readonly LiveObject[]) => {
      for (const { kind } of objects) this.objects.delete(kind);
    },
    list: async () => (this.objects.has('Deployment') ? [{ metadata: { name: 'churn', uid: `pod-${this.rollouts}` } }] : []),
  };

  readonly fault = new PodChurn({
    changes: this.changes as unknown as JournalledApi,
    mesh: { facts: FACTS },
    namespace: 'rig',
    owner: 'run',
    samples: async () => SAMPLES,
  });
}

test('Replaces pods repeatedly while a body runs, and leaves nothing', async () => {
  const cluster = new Cluster();
  await new FaultJournal().during(cluster.fault, async () => {
    const seen = cluster.rollouts;
    await until(() => cluster.rollouts > seen + 1, { what: 'two more rollouts', timeoutMs: 5_000, everyMs: 10 });
    expect([...cluster.objects.keys()]).toEqual(['Service', 'Deployment']);
  });
  expect(cluster.objects.size).toBe(0);
  const ended = cluster.rollouts;
  await new Promise(setImmediate);
  expect(cluster.rollouts).toBe(ended);
});

test('Rejects a churn whose pods are not replaced', async () => {
  const cluster = new Cluster();
  cluster.stuck = true;
  const body = new FaultJournal({ proofMs: 200 }).during(cluster.fault, () => Promise.reject(new Error('the body ran')));
  await expect(body).rejects.toMatchObject({ code: 'FAULT_INEFFECTIVE' });
  expect(cluster.objects.size).toBe(0);
});
