import { once } from 'node:events';
import http from 'node:http';

import { owned } from '../../clusters/rigs/ownership.ts';
import { injector } from '../istio/injectors.ts';
import { portOf } from '../kubernetes/port-forward.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { expect, putRig, strict, test } from './stand-in-rigs.ts';

const OWNER = 'meshproof-aa';
const RIG = `${OWNER}-rig-0`;

/** A control plane of a revision in its own namespace. */
function putRevision(server: StandInApi, revision: string): void {
  const [namespace, labels] = [`istio-${revision}`, { 'istio.io/rev': revision }];
  server.put(`/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${revision}`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    ...injector(revision, { namespace }),
    metadata: { name: revision, labels: { app: 'sidecar-injector', ...labels } },
  });
  server.put(`/api/v1/namespaces/${namespace}/pods/istiod`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'istiod', namespace, labels: { app: 'istiod', ...labels } },
    spec: { containers: [{ name: 'discovery' }] },
    status: { phase: 'Running' },
  });
}

test('Looks for mesh-wide objects in the root namespace of the tested revision', async ({ api, server, dead, down }) => {
  const istiod = http.createServer((_, response) => response.end('{"rootNamespace":"mesh-config"}'));
  istiod.listen(0, '127.0.0.1');
  await once(istiod, 'listening');
  try {
    server.forwardTo = portOf(istiod);
    for (const revision of ['blue', 'green']) putRevision(server, revision);
    await putRig(api, server, RIG, { owner: OWNER, holder: dead });
    const metadata = { ...strict.metadata, namespace: 'mesh-config' };
    await api.apply([owned({ ...strict, metadata }, OWNER, RIG)]);
    await down({ name: OWNER, rigs: [RIG], revision: 'green' });
    expect([...server.objects.keys()].filter((path) => path.includes('mesh-config'))).toEqual([]);
  } finally {
    istiod.close();
  }
});
