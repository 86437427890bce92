import { expect, test } from '@playwright/test';

import type { PodObject } from '../../clusters/mesh/access.ts';
import { parseSyncStatus } from '../../clusters/istio/istiod.ts';
import { parseServerInfo, parseState, withProxy } from '../../clusters/istio/proxy/admin.ts';

function pod(name: string, containers: string[], initContainers: string[], phase = 'Running', metadata = {}): PodObject {
  return {
    metadata: { namespace: 'rig', name, uid: name, ...metadata },
    spec: { containers: containers.map((name) => ({ name })), initContainers: initContainers.map((name) => ({ name })) },
    status: { phase },
  };
}

test("Reads from a proxy's statistics what is warm, draining and rejected", () => {
  const text = JSON.stringify({
    stats: [
      { name: 'cluster_manager.cds.update_rejected', value: 1 },
      { name: 'cluster_manager.warming_clusters', value: 2 },
      { name: 'listener_manager.lds.update_rejected', value: 3 },
      { name: 'listener_manager.lds.version_text', value: '2026-11-21T20:49:57Z/13' },
      { name: 'listener_manager.total_filter_chains_draining', value: 4 },
      { name: 'listener_manager.total_listeners_draining', value: 5 },
      { name: 'listener_manager.total_listeners_warming', value: 6 },
      { histograms: { supported_quantiles: [] } },
    ],
  });
  expect(parseState(text)).toEqual({ listenersWarming: 6, clustersWarming: 2, draining: 9, rejected: { cds: 1, lds: 3 } });
  expect(parseState('{"stats":[]}')).toEqual({ listenersWarming: 0, clustersWarming: 0, draining: 0, rejected: { cds: 0, lds: 0 } });
});

test("Reads a proxy's extensions from its node metadata", () => {
  const text = JSON.stringify({
    version: '9e55/1.40.0/Clean/RELEASE/BoringSSL',
    state: 'LIVE',
    command_line_options: { concurrency: 2 },
    node: {
      id: 'sidecar~10.9.9.9~client.rig~rig.svc.cluster.local',
      extensions: [
        { name: 'envoy.filters.http.local_ratelimit', category: 'envoy.filters.http' },
        { name: 'envoy.filters.http.rbac', category: 'envoy.filters.http', type_urls: ['envoy.extensions.filters.http.rbac.v3.RBAC'] },
        { category: 'envoy.clusters' },
      ],
    },
  });
  const { version, extensions, workers } = parseServerInfo(text);
  expect(workers).toBe(2);
  expect(version).toBe('9e55/1.40.0/Clean/RELEASE/BoringSSL');
  expect([...extensions]).toEqual(['envoy.filters.http.local_ratelimit', 'envoy.filters.http.rbac']);
  expect(extensions.has('istio.stats')).toBe(false);
});

test("Reads istiod's state of a proxy by type, with the reason of a rejection", () => {
  const listener = 'type.googleapis.com/envoy.config.listener.v3.Listener';
  const text = JSON.stringify([
    {
      cluster_id: 'Kubernetes',
      proxy: 'client-7f.rig',
      cluster_sent: 'unused',
      resources: {
        [listener]: { sent: 'b', acked: 'a', sentTime: '2026-11-21T23:08:16Z', lastError: 'no such filter' },
        'type.googleapis.com/envoy.config.cluster.v3.Cluster': { sent: 'b', acked: 'b' },
        'type.googleapis.com/istio.networking.nds.v1.NameTable': { sent: 'b' },
      },
    },
    { proxy: 'client-7f.rig-2', resources: {} },
    { proxy: 'starting.rig' },
  ]);
  expect(parseSyncStatus(text, 'rig')).toEqual(
    new Map([
      ['client-7f', { lds: { sent: 'b', acked: 'a', error: 'no such filter' }, cds: { sent: 'b', acked: 'b', error: '' } }],
      ['starting', {}],
    ]),
  );
});

test('Lists proxies in running pods, as containers or native sidecars', () => {
  const pods = [
    pod('sidecar', ['app', 'istio-proxy'], ['istio-init']),
    pod('native', ['app'], ['istio-init', 'istio-proxy']),
    pod('unmeshed', ['app'], []),
    pod('pending', ['app', 'istio-proxy'], [], 'Pending'),
    pod('leaving', ['app', 'istio-proxy'], [], 'Running', { deletionTimestamp: '2026-11-21T23:08:16Z' }),
  ];
  expect(withProxy(pods).map(({ metadata }) => metadata.name)).toEqual(['sidecar', 'native']);
});
