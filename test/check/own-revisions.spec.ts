import { expect, test } from '@playwright/test';

import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import { ownedBy } from '../rigs/owned-by.ts';

/** A cluster that installs documents of kind Mesh and applies everything else, with a log. */
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
        // Namespaces do not exist yet; everything else is what was applied.
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

  /** What was done since the last call. */
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

test("Installs a revision before its namespace's objects, and waits for each control plane", async () => {
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

test('Installs only changed revisions again, and recreates what they injected', async () => {
  const cluster = new StandIn();
  await cluster.applied.reconcile([mesh('demo'), mesh('other'), sample('inner', 'rig-demo'), sample('second', 'rig-other')]);
  cluster.done();
  await cluster.applied.reconcile([mesh('demo', 'default'), mesh('other'), sample('inner', 'rig-demo'), sample('second', 'rig-other')]);
  expect(cluster.done().slice(0, 3)).toEqual(['remove inner', 'install demo for run', 'apply inner']);
});

test("Uninstalls a check's revisions, even if an installation failed halfway", async () => {
  const cluster = new StandIn();
  cluster.failing = 'demo';
  await expect(cluster.applied.reconcile([mesh('demo'), mesh('other')])).rejects.toThrow('istiod is not ready');
  expect(cluster.done()).toEqual(['install demo for run', 'install other for run']);
  await cluster.applied.reconcile([]);
  expect(cluster.done()).toEqual(['uninstall demo', 'uninstall other']);
});
