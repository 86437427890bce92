import { replaceOutdated, replaceRig } from '../../clusters/rigs/deploy.ts';
import { agentName, agentProgram } from '../../clusters/rigs/agent.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { recoverRigs } from '../../clusters/rigs/recover.ts';
import { deployment, expect, mesh, namespacesOf, putLease, putPreprovisioned, putRig, strict, test } from './stand-in-rigs.ts';

const deletes = (requests: readonly { method: string; path: string }[]): string[] =>
  requests.flatMap(({ method, path }) => (method === 'DELETE' ? path : []));
const caller = (rig: string, owner: string) =>
  owned({ ...deployment(rig, 'caller'), spec: { template: { spec: { containers: [{ image: 'x' }] } } } }, owner);

test('Keeps preprovisioned namespaces when a rig is replaced, whatever labels their owner set', async ({ api, server }) => {
  putPreprovisioned(server, 'team-rig-0');
  for (const { metadata } of server.objects.values())
    Object.assign(metadata, { labels: { 'meshproof.dev/owner': 'meshproof-aa' }, managedFields: [{ manager: 'meshproof' }] });
  await api.apply([caller('team-rig-0', 'meshproof-aa')]);
  // This cluster serves no Service, because the test is only about what is removed before the rig is deployed again.
  await expect(replaceRig(api, mesh, { name: 'team-rig-0', owner: 'meshproof-aa', preprovisioned: true })).rejects.toThrow(
    'does not serve',
  );
  expect(deletes(server.requests)).toEqual(['/apis/apps/v1/namespaces/team-rig-0/deployments/caller']);
  expect(namespacesOf(server)).toHaveLength(3);
});

test('Removes no namespace of a rig by its name alone', async ({ api, server }) => {
  const rig = 'meshproof-aa-rig-0';
  await putRig(api, server, rig, { owner: 'meshproof-aa' });
  await api.apply([caller(rig, 'meshproof-aa')]);
  const foreign = `/api/v1/namespaces/${rig}-neighbour`;
  server.put(foreign, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `${rig}-neighbour`, managedFields: [{ manager: 'kubectl-create' }] },
  });
  await expect(replaceRig(api, mesh, { name: rig, owner: 'meshproof-aa', preprovisioned: false })).rejects.toMatchObject({
    code: 'NOT_OURS',
  });
  expect(deletes(server.requests).toSorted()).toEqual([`/api/v1/namespaces/${rig}`, `/api/v1/namespaces/${rig}-unmeshed`]);
  const asked = server.requests.filter(({ method }) => method === 'DELETE').map(({ body }) => body);
  expect(asked).toEqual([expect.objectContaining({ preconditions: { uid: expect.any(String) } }), expect.anything()]);
});

test('Replaces a rig only if its samples run the agent of another version', async ({ api, server }) => {
  const owner = 'meshproof-aa';
  const rigs = ['meshproof-aa-rig-0', 'meshproof-aa-rig-1', 'meshproof-aa-rig-2'];
  const agents = [agentName(await agentProgram()), 'agent-000000000000'];
  for (const [at, agent] of agents.entries()) {
    await putRig(api, server, rigs[at] ?? '', { owner });
    const spec = { containers: [{ image: 'x' }], volumes: [{ name: 'agent', configMap: { name: agent } }] };
    await api.apply([owned({ ...deployment(rigs[at] ?? '', 'caller'), spec: { template: { spec } } }, owner)]);
  }
  // This test, too, is only about what is removed. The third rig was never deployed, which is not an error here.
  await expect(replaceOutdated(api, mesh, { rigs, owner, preprovisioned: false })).rejects.toThrow('does not serve');
  expect(deletes(server.requests).toSorted()).toEqual(['', '-neighbour', '-unmeshed'].map((end) => `/api/v1/namespaces/${rigs[1]}${end}`));
});

test('Keeps mesh-wide objects of a run with the same name and other namespaces', async ({ api, server, alive, dead }) => {
  putLease(server, 'team-b-rig-0', { owner: 'meshproof-ci', holder: alive });
  await api.apply([owned(strict, 'meshproof-ci', 'team-b-rig-0')]);
  const tend = () => recoverRigs(api, mesh, { owner: 'meshproof-ci', rigs: ['team-a-rig-0'] });
  const name = 'PeerAuthentication istio-system/default-strict';
  expect(await tend()).toEqual({ back: [], left: [`${name}: alice is using team-b-rig-0`] });
  putLease(server, 'team-b-rig-0', { owner: 'meshproof-ci', holder: dead });
  expect(await tend()).toEqual({ back: [name], left: [] });
});

test('Does not report an injector as restored if restoring it is forbidden', async ({ api, server }) => {
  const outage = { outages: async () => [{ name: 'the cut', owner: 'meshproof-aa', rig: 'meshproof-aa-rig-0' }] };
  const injector = { ...outage, restore: async () => void (await api.patch({ apiVersion: 'v1', kind: 'Namespace', name: 'a' }, {})) };
  server.intercept = ({ method }) => (method === 'PATCH' ? { status: 403, body: { kind: 'Status', message: 'no' } } : undefined);
  const tended = recoverRigs(api, { ...mesh, injector } as unknown as typeof mesh, { owner: 'meshproof-aa', rigs: ['meshproof-aa-rig-0'] });
  await expect(tended).rejects.toMatchObject({ status: 403 });
});
