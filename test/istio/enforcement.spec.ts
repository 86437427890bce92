import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { refOf } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { PodTunnel } from '../../clusters/kubernetes/tunnel.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { liveOf } from '../../clusters/rigs/ownership.ts';
import { ACTOR_LABEL, unmeshedOf, type SampleWorkload } from '../../clusters/rigs/rig.ts';
import { AgentClient } from '../../fixtures/agent/client.ts';
import { PORTS, type ProbeOrder } from '../../fixtures/agent/protocol.ts';
import { describe, SHARED } from '../cluster/cluster.ts';

interface Change {
  what: string;
  from: SampleWorkload;
  order: Partial<ProbeOrder>;
  object: Pick<Manifest, 'apiVersion' | 'kind'> & { spec: unknown };
  /** How each request ends while the object is in effect. */
  ends: string;
}

const CHANGES: Change[] = [
  {
    what: 'a denial',
    from: 'caller',
    order: { path: '/denied' },
    object: {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      spec: { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/denied'] } }] }] },
    },
    ends: '403',
  },
  {
    what: 'strict mutual TLS',
    from: 'unmeshed',
    order: {},
    object: { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', spec: { mtls: { mode: 'STRICT' } } },
    ends: 'reset',
  },
  {
    what: 'an injected abort',
    from: 'caller',
    order: {},
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      spec: {
        hosts: ['server'],
        http: [{ fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, route: [{ destination: { host: 'server' } }] }],
      },
    },
    ends: '418',
  },
];

for (const { what, from, order, object, ends } of CHANGES) {
  test(`Applies ${what} to every request on kept connections after convergence, and to none after its removal @cluster`, async () => {
    test.setTimeout(120_000);
    const cluster = await describe(SHARED);
    const namespace = cluster.rigs[0] ?? '';
    const api = await KubernetesApi.open(cluster);
    const mesh = await adapterOf(cluster, api);
    const place = from === 'unmeshed' ? unmeshedOf(namespace) : namespace;
    const [pod] = await api.list('v1', 'Pod', { namespace: place, labelSelector: `${ACTOR_LABEL}=${from}` });
    const tunnel = new PodTunnel(api.connection, { namespace: place, name: pod?.metadata.name ?? '' }, PORTS.control);
    const agent = new AgentClient(tunnel);
    const endings = async (): Promise<string[]> => {
      const { outcomes } = await agent.probe({ ...order, target: `server.${namespace}:${PORTS.http}`, count: 120, concurrency: 8 });
      return [...new Set(outcomes.map(({ ending }) => (ending.kind === 'response' ? String(ending.status) : ending.kind)))];
    };
    const objects = [{ ...object, metadata: { name: 'enforcement', namespace } }];
    try {
      for (let round = 0; round < 3; round++) {
        expect(await endings()).toEqual(['200']);
        await api.apply(objects);
        await mesh.converge({ objects, after: 'applied', namespace });
        expect(await endings()).toEqual([ends]);
        await api.remove(await liveOf(api, objects.map(refOf)));
        await mesh.converge({ objects, after: 'removed', namespace });
      }
      expect(await endings()).toEqual(['200']);
    } finally {
      await api.remove(await liveOf(api, objects.map(refOf)));
      tunnel.destroy();
      api.close();
    }
  });
}
