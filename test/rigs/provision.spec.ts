import http from 'node:http';
import { once } from 'node:events';

import { provision } from '../../clusters/existing/provision.ts';
import type { Recorded, StandInApi, StandInObject } from '../kubernetes/stand-in-api.ts';
import { usualInjector } from '../istio/injectors.ts';
import { portOf } from '../kubernetes/port-forward.ts';
import { expect, find, namespacesOf, putPreprovisioned, test as base } from './stand-in-rigs.ts';

const SYSTEM = ['istio-system', 'kube-system'];

interface Beginning {
  /** Provisions rigs of that name; `intercept` overrides responses. */
  begin: (intercept: StandInApi['intercept'], prefix?: string, writeDescription?: () => Promise<void>) => Promise<unknown>;
}

/** A cluster with Istio in which the account has all permissions. */
const test = base.extend<Beginning>({
  begin: async ({ server }, use, info) => {
    const istiod = http.createServer((request, response) => response.end(request.url === '/version' ? '1.31.0' : '[]'));
    server.put('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      ...usualInjector(),
      metadata: { name: 'istio-sidecar-injector', labels: { app: 'sidecar-injector', 'istio.io/rev': 'default' } },
    });
    istiod.listen(0, '127.0.0.1');
    await once(istiod, 'listening');
    server.forwardTo = portOf(istiod);
    server.kinds.set('networking.k8s.io/v1', [{ name: 'networkpolicies', kind: 'NetworkPolicy', namespaced: true }]);
    server.kinds.get('v1')?.push({ name: 'resourcequotas', kind: 'ResourceQuota', namespaced: true });
    for (const name of SYSTEM) server.put(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    server.put('/api/v1/namespaces/istio-system/pods/istiod-1', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'istiod-1', namespace: 'istio-system', labels: { app: 'istiod', 'istio.io/rev': 'default' } },
      spec: { containers: [{ name: 'discovery' }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ name: 'discovery', ready: true }],
      },
    });
    await use(async (intercept, prefix, writeDescription = async () => undefined) => {
      server.intercept = (request) => mayAnything(request) ?? intercept(request);
      const place = { kubeconfig: server.writeKubeconfig(info.outputPath('foreign')), context: 'stand-in' };
      const provider = { kind: 'existing', ...place, ...(prefix === undefined ? {} : { namespaces: prefix }) } as const;
      const options = { mesh: 'istio', provider, images: { from: 'auto' }, engine: false, rigs: 1, writeDescription } as const;
      return await provision('meshproof-aa', info.outputPath('ours'), options, {});
    });
    istiod.close();
  },
});

function mayAnything({ path }: Recorded) {
  if (path.endsWith('selfsubjectaccessreviews')) return { status: 201, body: { status: { allowed: true } } };
  return path.endsWith('selfsubjectreviews') ? { status: 201, body: { status: { userInfo: { username: 'me' } } } } : undefined;
}

const status = (code: number, message: string) => ({ status: code, body: { kind: 'Status', message } });
const makesUnmeshed = ({ method, path, body }: Recorded): boolean =>
  method === 'POST' && path === '/api/v1/namespaces' && body.metadata.name.endsWith('-unmeshed');

/** Adds namespaces of the cluster's owner that suit one rig. */
function addPreprovisioned(server: StandInApi): void {
  putPreprovisioned(server, 'team-rig-0');
  for (const [path, { metadata }] of server.objects)
    if (/team-rig-0(-neighbour)?$/.test(path)) metadata['labels'] = { 'istio-injection': 'enabled' };
}

const nameOf = ({ metadata }: StandInObject): string => metadata.name;

test('Removes a namespace that was created although the response was lost', async ({ server, begin }) => {
  const lost = begin((request) => {
    if (!makesUnmeshed(request)) return undefined;
    server.put(`/api/v1/namespaces/${nameOf(request.body)}`, request.body);
    return status(504, 'Timeout: request did not complete within requested timeout');
  });
  await expect(lost).rejects.toMatchObject({ status: 504 });
  expect(namespacesOf(server)).toEqual(SYSTEM);
});

test('Keeps a namespace that existed before, and removes those that were created next to it', async ({ server, begin }) => {
  const foreign = '/api/v1/namespaces/meshproof-aa-rig-0-unmeshed';
  const labels = { 'meshproof.dev/owner': 'meshproof-aa' };
  server.put(foreign, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'meshproof-aa-rig-0-unmeshed', labels } });
  await expect(begin(() => undefined)).rejects.toMatchObject({ code: 'NOT_OURS' });
  expect(namespacesOf(server)).toEqual([...SYSTEM, 'meshproof-aa-rig-0-unmeshed']);
});

test('Reports namespaces of a failed provisioning that may not be removed', async ({ server, begin }) => {
  const failed = begin((request) => {
    if (makesUnmeshed(request)) return status(500, 'etcd is gone');
    return request.method === 'DELETE' ? status(403, 'a webhook says no') : undefined;
  });
  await expect(failed).rejects.toMatchObject({ code: 'LEFT_BEHIND', message: expect.stringMatching(/etcd is gone.*a webhook says no/) });
  expect(namespacesOf(server)).toHaveLength(SYSTEM.length + 2);
});

test("Releases the lease of preprovisioned namespaces if the cluster's description cannot be written", async ({ server, begin }) => {
  addPreprovisioned(server);
  const full = begin(
    () => undefined,
    'team',
    async () => Promise.reject(new Error('no space left on device')),
  );
  await expect(full).rejects.toThrow('no space left');
  expect([...server.objects.keys()].filter((path) => path.includes('/leases/'))).toEqual([]);
});

test('Leaves no lease in preprovisioned namespaces after a failed provisioning', async ({ api, server, begin }) => {
  addPreprovisioned(server);
  const refused = begin(
    ({ method, path }) => (method === 'POST' && path.endsWith('/pods') ? status(403, 'violates PodSecurity') : undefined),
    'team',
  );
  await expect(refused).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
  expect([...server.objects.keys()].filter((path) => path.includes('/team-rig-0/'))).toEqual([]);
  expect((await find(api, { namespaces: 'team', all: true })).named).toEqual([]);
});
