import { expect, test } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { OWNER_LABEL } from '../../clusters/rigs/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { SETTINGS } from '../rigs/stand-in-rigs.ts';

const OURS = { [OWNER_LABEL]: 'run' };
const EARLIER = '2026-01-01T00:00:00Z';
const BEGAN = '2026-01-01T00:01:00Z';
const LATER = '2026-01-01T00:02:00Z';
const policy: Manifest = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'own' }, spec: {} };

interface Entry {
  manager: string;
  time: string;
  subresource?: string;
}

function live(namespace: string, name: string, managedFields: Entry[], labels: Record<string, string> = {}): LiveObject {
  const metadata = { name, namespace, labels, uid: name, resourceVersion: '1', creationTimestamp: EARLIER, managedFields };
  return { ...policy, metadata };
}

/** The reported arrivals if these objects exist at the end of a check. */
async function saidOf(...there: LiveObject[]): Promise<string[]> {
  return await saidUnder([], ...there);
}

/** The reported outages while these injectors are disabled. */
async function saidUnder(cut: readonly { name: string; rig: string }[], ...there: LiveObject[]): Promise<string[]> {
  const own = live('rig', 'own', [{ manager: 'meshproof', time: BEGAN }], OURS);
  const all = [own, ...there];
  const stand = {
    namespace: 'rig',
    owner: 'run',
    settings: SETTINGS,
    changes: { assertOpen: () => undefined, apply: async () => [own] },
    api: {
      find: async () => own,
      remove: async () => undefined,
      list: async (_: string, kind: string, { namespace }: { namespace?: string }) =>
        all.filter((one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace)),
    },
    mesh: { facts: FACTS, injector: { outages: async () => cut }, converge: async () => ({ enforcedMs: 1, stages: {} }) },
  };
  const applied = new AppliedConfig(stand as unknown as Rig);
  await applied.reconcile([policy]);
  return await applied.interferences();
}

test('Reports who created or changed something since the check began', async () => {
  const another = live('istio-system', 'default', [{ manager: 'meshproof', time: LATER }], { [OWNER_LABEL]: 'other-run' });
  const edited = live('rig-neighbour', 'edited', [
    { manager: 'argocd', time: EARLIER },
    { manager: 'kubectl-edit', time: LATER },
  ]);
  expect(await saidOf(another, edited)).toEqual([
    'PeerAuthentication rig-neighbour/edited was created or changed in the meantime by kubectl-edit',
    'PeerAuthentication istio-system/default was created or changed in the meantime by meshproof, for other-run',
  ]);
});

test("Ignores objects that existed before, are elsewhere, are meshproof's or only have a new status", async () => {
  const reported = await saidOf(
    live('istio-system', 'default', [{ manager: 'helm', time: EARLIER }]),
    live('shop', 'theirs', [{ manager: 'kubectl-edit', time: LATER }]),
    live('istio-system', 'ours', [{ manager: 'meshproof', time: LATER }], OURS),
    live('rig', 'sentinel', [{ manager: 'meshproof', time: LATER }]),
    live('rig', 'seen', [{ manager: 'istiod', time: LATER, subresource: 'status' }]),
  );
  expect(reported).toEqual([]);
});

test('Reports a route elsewhere that takes over a host of the rig, whenever it was created', async () => {
  const routeOf = (name: string, spec: object): LiveObject => {
    return { ...live('shop', name, [{ manager: 'argocd', time: EARLIER }]), kind: 'VirtualService', spec };
  };
  const reported = await saidOf(
    { ...live('rig', 'server', [{ manager: 'meshproof', time: EARLIER }], OURS), apiVersion: 'v1', kind: 'Service' },
    routeOf('all', { hosts: ['*.svc.cluster.local'] }),
    routeOf('own', { hosts: ['server'] }),
    routeOf('kept', { hosts: ['server.rig.svc.cluster.local'], exportTo: ['.'] }),
  );
  expect(reported).toEqual([
    expect.stringMatching(/^VirtualService shop\/all is exported to the rig and names .*\.rig\.svc\.cluster\.local.*; managed by argocd$/),
  ]);
});

test('Reports a fault of a killed check that affects all rigs and was not reverted', async () => {
  const fields = { 'f:metadata': { 'f:labels': { 'f:meshproof.dev/fault': {} } } };
  const pod = (namespace: string, name: string): LiveObject => ({
    ...live(namespace, name, [{ manager: 'meshproof', time: LATER }], { 'meshproof.dev/fault': 'run' }),
    kind: 'Pod',
  });
  const marked = [pod('kube-system', 'dns'), pod('run-rig-1', 'server')].map((one) => ({
    ...one,
    metadata: {
      ...one.metadata,
      annotations: { 'meshproof.dev/fault-rig': 'run-rig-1' },
      managedFields: [{ manager: 'meshproof', operation: 'Update', fieldsV1: fields }],
    },
  }));
  expect(await saidUnder([{ name: 'the cut of x', rig: 'run-rig-1' }], ...marked)).toEqual([
    'the cut of x by a check on run-rig-1 was not reverted',
    'the fault of Pod kube-system/dns by a check on run-rig-1 was not reverted',
  ]);
});
