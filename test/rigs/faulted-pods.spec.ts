import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { endLeftFaults } from '../../clusters/rigs/strays.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { expect, find, mesh, putLease, test } from './stand-in-rigs.ts';

const OWNER = 'meshproof-gone';
const RIG = 'meshproof-gone-rig-0';

/** A pod with the fault label, set by the given manager. */
function putPod(server: StandInApi, name: string, { by, rig = RIG }: { by: string; rig?: string }): string {
  const path = `/api/v1/namespaces/shop/pods/${name}`;
  const fields = { 'f:metadata': { 'f:labels': { 'f:meshproof.dev/fault': {} } } };
  server.put(path, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'meshproof.dev/fault': OWNER },
      annotations: { 'meshproof.dev/fault-rig': rig },
      managedFields: [
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:spec': {} } },
        { manager: by, operation: 'Update', fieldsV1: fields },
      ],
    },
  });
  return path;
}

test('Replaces a pod that a killed run left under a fault, but no copy of it and none that others labelled', async ({ api, server }) => {
  const changed = putPod(server, 'changed', { by: 'meshproof' });
  const copied = putPod(server, 'copied', { by: 'kubectl-debug' });
  const { leftovers, named } = await find(api);
  expect(named).toEqual([`the fault of Pod shop/changed, created for ${OWNER}`]);
  for (const leftover of leftovers) await leftover.remove();
  expect([changed, copied].map((path) => server.objects.has(path))).toEqual([false, true]);
});

test('Ends the faults left on a rig when taking it over, but not those of other rigs', async ({ api, server, alive }) => {
  putLease(server, 'meshproof-gone-rig-1', { owner: OWNER, holder: alive });
  const own = putPod(server, 'own', { by: 'meshproof' });
  const others = putPod(server, 'others', { by: 'meshproof', rig: 'meshproof-gone-rig-1' });
  const restored: string[] = [];
  const injector = {
    outages: async () => [{ name: 'the cut', owner: OWNER, rig: RIG }],
    restore: async (owner: string) => void restored.push(owner),
  };
  const cut = { ...mesh, injector } as unknown as MeshAdapter;
  expect(await endLeftFaults(api, cut, { owner: OWNER, rig: RIG })).toEqual(['the cut', 'the fault of Pod shop/own']);
  expect([own, others].map((path) => server.objects.has(path))).toEqual([false, true]);
  expect(restored).toEqual([OWNER]);
  const away = { owner: OWNER, rig: 'meshproof-gone-rig-2' };
  expect(await endLeftFaults(api, cut, away)).toEqual([]);
  expect(restored).toEqual([OWNER]);
});
