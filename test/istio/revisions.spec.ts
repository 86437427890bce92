import { writeFile } from 'node:fs/promises';

import { IstioRevisions } from '../../clusters/istio/revisions/revisions.ts';
import type { MeshFinder } from '../../clusters/istio/survey/finder.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { ClusterAccess } from '../../clusters/mesh/access.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { OWNER_LABEL } from '../../clusters/rigs/rig.ts';
import { replay } from '../../clusters/rigs/recover.ts';
import { expect, test as base } from '../kubernetes/on-stand-in.ts';
import { putLease, putPreprovisioned } from '../rigs/stand-in-rigs.ts';

const RIG = 'lent-rig-0';
const HOME = `${RIG}-production`;
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const document: Manifest = {
  apiVersion: 'install.istio.io/v1alpha1',
  kind: 'IstioOperator',
  metadata: { name: 'production', namespace: HOME },
  spec: {},
};

/** A cluster with Istio and a preprovisioned rig, and an istioctl that always succeeds. */
const test = base.extend<{ revisions: IstioRevisions }>({
  revisions: async ({ api, server }, use, info) => {
    server.kinds.set('apps/v1', [{ name: 'deployments', kind: 'Deployment', namespaced: true }]);
    server.kinds.set('rbac.authorization.k8s.io/v1', [
      { name: 'clusterroles', kind: 'ClusterRole', namespaced: false },
      { name: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
    ]);
    server.kinds
      .get('admissionregistration.k8s.io/v1')
      ?.push({ name: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration', namespaced: false });
    server.put(`${ROLES}/istiod-production`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'istiod-production', labels: { 'install.operator.istio.io/owning-resource-namespace': HOME } },
    });
    putPreprovisioned(server, RIG);
    putLease(server, RIG, { owner: 'meshproof-a' });
    const istioctl = info.outputPath('istioctl');
    await writeFile(istioctl, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const tool = async () => ({ istioctl, kubeconfig: '', context: '' });
    const pods = async () => [{ spec: { containers: [{ name: 'discovery', image: 'docker.io/istio/pilot:1.31.0' }] } }];
    const finder = { mesh: async () => ({ istiod: { pods }, plane: { namespace: 'istio-system' } }) } as unknown as MeshFinder;
    await use(new IstioRevisions(api, { access: {} as ClusterAccess, finder, tool }));
  },
});

test('Removes what an interrupted check installed on a preprovisioned rig as its owner', async ({ api, server, revisions }) => {
  const journal = await Journal.open(api, RIG, { owner: 'meshproof-a' });
  await journal.add({ installations: [document] });
  await revisions.install(document, 'meshproof-a');
  expect(server.objects.get(`/api/v1/namespaces/${HOME}`)?.metadata['labels']).toEqual({ [OWNER_LABEL]: 'meshproof-a' });
  const mesh = { revisions } as unknown as MeshAdapter;
  const { back } = await replay(api, mesh, { journal, rig: RIG, owner: 'meshproof-a' });
  expect(back).toEqual([`IstioOperator ${HOME}/production`]);
  expect([...server.objects.keys()].filter((path) => path.includes('production'))).toEqual([]);
  expect(journal.isEmpty).toBe(true);
});

test('Neither removes nor forgets what is in a namespace that has another owner by now', async ({ api, server, revisions }) => {
  const journal = await Journal.open(api, RIG, { owner: 'meshproof-a' });
  await journal.add({ installations: [document] });
  server.put(`/api/v1/namespaces/${HOME}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: HOME } });
  const mesh = { revisions } as unknown as MeshAdapter;
  await expect(replay(api, mesh, { journal, rig: RIG, owner: 'meshproof-a' })).rejects.toMatchObject({ code: 'NOT_OURS' });
  await expect(revisions.uninstall(document, 'meshproof-a')).rejects.toMatchObject({ code: 'NOT_OURS' });
  expect([...server.objects.keys()].filter((path) => path.includes('production'))).toHaveLength(2);
  expect((await Journal.open(api, RIG, { owner: 'meshproof-a' })).entries.installations).toHaveLength(1);
});
