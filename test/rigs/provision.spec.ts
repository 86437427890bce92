import http from 'node:http';
import { once } from 'node:events';

import { provision } from '../../clusters/existing/provision.ts';
import type { Recorded, StandInApi, StandInObject } from '../kubernetes/stand-in-api.ts';
import { usualInjector } from '../istio/injectors.ts';
import { portOf } from '../kubernetes/port-forward.ts';
import { expect, find, namespacesOf, putLent, test as base } from './stand-in-rigs.ts';

const SYSTEM = ['istio-system', 'kube-system'];

interface Beginning {
  /** Begins rigs of that name, where a request is answered as `intercept` says. */
  begin: (intercept: StandInApi['intercept'], lent?: string, writeDescription?: () => Promise<void>) => Promise<unknown>;
}

/** A cluster with Istio in which the account may do anything. */
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
    await use(async (intercept, lent, writeDescription = async () => undefined) => {
      server.intercept = (request) => mayAnything(request) ?? intercept(request);
      const place = { kubeconfig: server.writeKubeconfig(info.outputPath('theirs')), context: 'stand-in' };
      const provider = { kind: 'existing', ...place, ...(lent === undefined ? {} : { namespaces: lent }) } as const;
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

/** Puts namespaces of the cluster's owner that are fit for one rig. */
function lend(server: StandInApi): void {
  putLent(server, 'lent-rig-0');
  for (const [path, { metadata }] of server.objects)
    if (/lent-rig-0(-neighbour)?$/.test(path)) metadata['labels'] = { 'istio-injection': 'enabled' };
}

const nameOf = ({ metadata }: StandInObject): string => metadata.name;

test('a namespace that was made although its answer was lost is removed with the others', async ({ server, begin }) => {
  const lost = begin((request) => {
    if (!makesUnmeshed(request)) return undefined;
    server.put(`/api/v1/namespaces/${nameOf(request.body)}`, request.body);
    return status(504, 'Timeout: request did not complete within requested timeout');
  });
  await expect(lost).rejects.toMatchObject({ status: 504 });
  expect(namespacesOf(server)).toEqual(SYSTEM);
});

test('a namespace that was there before stays, and those that were made beside it go', async ({ server, begin }) => {
  const theirs = '/api/v1/namespaces/meshproof-aa-rig-0-unmeshed';
  const labels = { 'meshproof.dev/owner': 'meshproof-aa' };
  server.put(theirs, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'meshproof-aa-rig-0-unmeshed', labels } });
  await expect(begin(() => undefined)).rejects.toMatchObject({ code: 'NOT_OURS' });
  expect(namespacesOf(server)).toEqual([...SYSTEM, 'meshproof-aa-rig-0-unmeshed']);
});

test('namespaces of a failed beginning that may not be removed are left behind, and that is told', async ({ server, begin }) => {
  const failed = begin((request) => {
    if (makesUnmeshed(request)) return status(500, 'etcd is gone');
    return request.method === 'DELETE' ? status(403, 'a webhook says no') : undefined;
  });
  await expect(failed).rejects.toMatchObject({ code: 'LEFT_BEHIND', message: expect.stringMatching(/etcd is gone.*a webhook says no/) });
  expect(namespacesOf(server)).toHaveLength(SYSTEM.length + 2);
});

test('a lease of lent namespaces is let go where the beginning cannot be noted', async ({ server, begin }) => {
  lend(server);
  const full = begin(
    () => undefined,
    'lent',
    async () => Promise.reject(new Error('no space left on device')),
  );
  await expect(full).rejects.toThrow('no space left');
  expect([...server.objects.keys()].filter((path) => path.includes('/leases/'))).toEqual([]);
});

test('a beginning that fails in lent namespaces leaves no lease there', async ({ api, server, begin }) => {
  lend(server);
  const refused = begin(
    ({ method, path }) => (method === 'POST' && path.endsWith('/pods') ? status(403, 'violates PodSecurity') : undefined),
    'lent',
  );
  await expect(refused).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
  expect([...server.objects.keys()].filter((path) => path.includes('/lent-rig-0/'))).toEqual([]);
  expect((await find(api, { namespaces: 'lent', all: true })).named).toEqual([]);
});
