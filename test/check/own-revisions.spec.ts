import { expect, test } from '@playwright/test';

import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import { ownedBy } from '../rigs/owned-by.ts';

/** A cluster in which documents of the kind Mesh are installed and everything else is applied, and a log of that. */
class StandIn {
  readonly log: string[] = [];
  failing: string | undefined;
  readonly applied: AppliedConfig;

  constructor() {
    const name = ({ metadata }: Manifest) => metadata.name;
    const each = (verb: string) => async (objects: Manifest[]) => void this.log.push(...objects.map((object) => `${verb} ${name(object)}`));
    const rig = {
      namespace: 'rig',
      owner: 'run',
      api: {
        remove: each('remove'),
        // Namespaces are yet to be made; everything else is what was applied.
        get: async () => undefined,
        find: async ({ apiVersion, kind, name: called, namespace }: ObjectRef) =>
          ownedBy('run', { apiVersion, kind, metadata: { name: called, ...omitUndefined({ namespace }) } }),
      },
      changes: {
        apply: async (objects: Manifest[]) => {
          await each('apply')(objects);
          return objects;
        },
        assertOpen: () => undefined,
        during: async (change: () => Promise<unknown>) => await change(),
        journal: { add: async () => undefined },
      },
      mesh: {
        converge: async ({ objects, namespace }: { objects: Manifest[]; namespace: string }) => {
          this.log.push(`converge ${namespace}: ${objects.map(name).join(' ')}`);
          return { enforcedMs: namespace === 'rig' ? 1 : 7, stages: {} };
        },
        facts: { describesRevision: ({ kind }: Manifest) => kind === 'Mesh', isMeshWide: () => false },
        revisions: {
          install: async (object: Manifest, owner: string) => {
            this.log.push(`install ${name(object)} for ${owner}`);
            if (this.failing === name(object)) throw new Error('istiod is not ready');
          },
          uninstall: async (object: Manifest) => void this.log.push(`uninstall ${name(object)}`),
        },
      },
    };
    this.applied = new AppliedConfig(rig as unknown as Rig);
  }

  /** What was done since the last time. */
  done(): string[] {
    return this.log.splice(0);
  }
}

const mesh = (name: string, profile = 'minimal'): Manifest => ({
  apiVersion: 'v1',
  kind: 'Mesh',
  metadata: { name, namespace: `rig-${name}` },
  spec: { profile },
});
const sample = (name: string, namespace?: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

test('an installation is made before what stands in its namespace, and each control plane is waited for', async () => {
  const { applied, ...rest } = new StandIn();
  const enforcedMs = await applied.reconcile([sample('inner', 'rig-demo'), mesh('demo'), sample('outer')]);
  expect(rest.log.splice(0)).toEqual([
    'install demo for run',
    'apply inner',
    'apply outer',
    'converge rig: outer',
    'converge rig-demo: inner',
  ]);
  expect(enforcedMs).toBe(7);
});

test('only what changed is installed again, and what it injected is made anew', async () => {
  const cluster = new StandIn();
  await cluster.applied.reconcile([mesh('demo'), mesh('other'), sample('inner', 'rig-demo'), sample('second', 'rig-other')]);
  cluster.done();
  await cluster.applied.reconcile([mesh('demo', 'default'), mesh('other'), sample('inner', 'rig-demo'), sample('second', 'rig-other')]);
  expect(cluster.done().slice(0, 3)).toEqual(['remove inner', 'install demo for run', 'apply inner']);
});

test('what a check leaves is uninstalled, also where its installation failed half way', async () => {
  const cluster = new StandIn();
  cluster.failing = 'demo';
  await expect(cluster.applied.reconcile([mesh('demo'), mesh('other')])).rejects.toThrow('istiod is not ready');
  expect(cluster.done()).toEqual(['install demo for run', 'install other for run']);
  await cluster.applied.reconcile([]);
  expect(cluster.done()).toEqual(['uninstall demo', 'uninstall other']);
});
