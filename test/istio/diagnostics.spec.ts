import { expect, test } from '@playwright/test';

import { istioDiagnostics } from '../../clusters/istio/diagnostics/diagnostics.ts';
import { Istiod } from '../../clusters/istio/istiod.ts';
import type { ClusterAccess, PodObject } from '../../clusters/mesh/access.ts';

const RIG = 'lent-rig-1';
const OURS = { namespace: RIG, name: 'server' };

const cluster = (name: string, namespace?: string) => ({
  version_info: '1',
  cluster: { name, ...(namespace === undefined ? {} : { metadata: { filter_metadata: { istio: { services: [{ namespace }] } } } }) },
});
const virtualHost = (name: string) => ({ name: `${name}:80`, domains: [name], routes: [{ route: { cluster: `outbound|80||${name}` } }] });

/** As reported by a proxy in the rig: everything visible to a namespace of a mesh without Sidecar resources. */
const DUMP = {
  configs: [
    { '@type': 'type.googleapis.com/envoy.admin.v3.BootstrapConfigDump', bootstrap: { node: { id: `sidecar~10.0.0.9~server.${RIG}` } } },
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump',
      version_info: 'v/1',
      static_clusters: [cluster('xds-grpc')],
      dynamic_active_clusters: [
        cluster(`outbound|80||server.${RIG}.svc.cluster.local`),
        cluster('outbound|5432||database.example.com', RIG),
        cluster('outbound|443||card-processor.example.com', 'payments'),
        cluster('outbound|80||ledger.payments.svc.cluster.local'),
        // A name of which the rig's name is a prefix.
        cluster(`outbound|80||server.${RIG}0.svc.cluster.local`),
        cluster('inbound|8080||'),
      ],
    },
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.ListenersConfigDump',
      dynamic_listeners: [
        { name: 'virtualInbound', active_state: { listener: { name: 'virtualInbound' } } },
        { name: '10.1.2.3_80', active_state: { listener: { cluster: `outbound|80||server.${RIG}.svc.cluster.local` } } },
        { name: '10.1.2.4_6379', active_state: { listener: { cluster: 'outbound|6379||cache.payments.svc.cluster.local' } } },
        { name: '0.0.0.0_80', active_state: { listener: { filters: [{ lua: 'local secret = "of the owner"' }] } } },
      ],
    },
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.RoutesConfigDump',
      dynamic_route_configs: [
        {
          route_config: {
            name: '80',
            virtual_hosts: [virtualHost(`server.${RIG}.svc.cluster.local`), virtualHost('ledger.payments.svc.cluster.local')],
          },
        },
        { route_config: { name: '8443', virtual_hosts: [virtualHost('ledger.payments.svc.cluster.local')] } },
      ],
    },
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.EndpointsConfigDump',
      dynamic_endpoint_configs: [
        { endpoint_config: { cluster_name: 'outbound|5432||database.example.com', endpoints: ['10.0.0.7'] } },
        { endpoint_config: { cluster_name: 'outbound|443||card-processor.example.com', endpoints: ['10.9.9.9'] } },
      ],
    },
  ],
};

const CLUSTERS = [
  'xds-grpc::127.0.0.1::health_flags::healthy',
  `outbound|80||server.${RIG}.svc.cluster.local::10.0.0.8:80::cx_active::1`,
  'outbound|5432||database.example.com::10.0.0.7:5432::cx_active::1',
  'outbound|80||ledger.payments.svc.cluster.local::10.9.9.8:80::cx_active::1',
  'inbound|8080||::10.0.0.9:8080::cx_active::0',
].join('\n');
const STATS = [
  'server.live: 1',
  `cluster.outbound|80||server.${RIG}.svc.cluster.local.upstream_rq_total: 4`,
  'cluster.outbound|80||ledger.payments.svc.cluster.local.membership_total: 4',
  'http.outbound_0.0.0.0_80.downstream_cx_total: 2',
].join('\n');
const SYNCZ = [{ proxy: `server.${RIG}`, cluster_id: 'Kubernetes' }, { proxy: `client.${RIG}-neighbour` }, { proxy: 'ledger-1.payments' }];
const PUSH = {
  ProxyStatus: {
    pilot_duplicate_envoy_clusters: { [`server.${RIG}`]: { proxy: `server.${RIG}` }, 'ledger-1.payments': { message: 'two of payments' } },
  },
};
const LOG = `info\tads\tCDS: PUSH for node:server.${RIG} resources:12\ninfo\tads\tCDS: PUSH for node:ledger-1.payments resources:900\n`;

const PAGES: Record<string, string> = {
  '/config_dump?include_eds': JSON.stringify(DUMP),
  '/clusters': CLUSTERS,
  '/stats?usedonly': STATS,
  '/certs': '{"certificates":[]}',
  '/debug/syncz': JSON.stringify(SYNCZ),
  '/debug/push_status': JSON.stringify(PUSH),
};

const istiod = { metadata: { namespace: 'istio-system', name: '../../istiod' }, spec: { containers: [] }, status: { phase: 'Running' } };

function access(pages: Readonly<Record<string, string>> = PAGES): ClusterAccess {
  return {
    pods: async () => [istiod as unknown as PodObject],
    fetchText: async (_pod: unknown, _port: number, path: string) => pages[path] ?? '',
    logs: async (_pod: unknown, container: string) => (container === 'discovery' ? LOG : 'GET / 200\n'),
  } as unknown as ClusterAccess;
}

const diagnose = async (only?: string, pages?: Record<string, string>) => {
  const one = access(pages);
  const files = await istioDiagnostics(one, new Istiod(one, { namespace: 'istio-system' }), [OURS], only);
  return new Map(Object.entries(files).map(([name, text]) => [name.split('/').at(-1), text]));
};

test('Keeps only what concerns the rig on an existing cluster', async () => {
  const files = await diagnose(RIG);
  const all = [...files.values()].join('\n');
  for (const theirs of ['payments', 'card-processor', '10.9.9', 'of the owner', `${RIG}0`]) expect(all).not.toContain(theirs);

  const { configs } = JSON.parse(files.get('config-dump.json') ?? '');
  const names = (list: { name?: string; cluster?: { name: string } }[]) => list.map(({ name, cluster }) => name ?? cluster?.name);
  expect(configs).toHaveLength(5);
  expect(configs[0]).toEqual(DUMP.configs[0]);
  expect(configs[1].version_info).toBe('v/1');
  expect(names(configs[1].static_clusters)).toEqual(['xds-grpc']);
  expect(names(configs[1].dynamic_active_clusters)).toEqual([
    `outbound|80||server.${RIG}.svc.cluster.local`,
    'outbound|5432||database.example.com',
    'inbound|8080||',
  ]);
  expect(names(configs[2].dynamic_listeners)).toEqual(['virtualInbound', '10.1.2.3_80']);
  expect(configs[3].dynamic_route_configs).toEqual([
    { route_config: { name: '80', virtual_hosts: [virtualHost(`server.${RIG}.svc.cluster.local`)] } },
  ]);
  expect(configs[4].dynamic_endpoint_configs).toEqual([
    { endpoint_config: { cluster_name: 'outbound|5432||database.example.com', endpoints: ['10.0.0.7'] } },
  ]);
  expect(files.get('clusters.txt')?.split('\n')).toEqual(CLUSTERS.split('\n').filter((line) => !line.includes('payments')));
  expect(files.get('stats.txt')?.split('\n')).toEqual(STATS.split('\n').filter((line) => !line.includes('payments')));
  expect(JSON.parse(files.get('syncz.json') ?? '')).toEqual(SYNCZ.slice(0, 2));
  expect(JSON.parse(files.get('push-status.json') ?? '')).toEqual({
    ProxyStatus: { pilot_duplicate_envoy_clusters: { [`server.${RIG}`]: { proxy: `server.${RIG}` } } },
  });
  expect(files.get('istiod.log')).toBe(`${LOG.split('\n')[0]}\n`);
  expect(files.get('proxy.log')).toBe('GET / 200\n');
});

test('Keeps everything unchanged on a cluster of meshproof', async () => {
  const files = await diagnose();
  expect(files.get('config-dump.json')).toBe(PAGES['/config_dump?include_eds']);
  expect(files.get('clusters.txt')).toBe(CLUSTERS);
  expect(files.get('istiod.log')).toBe(LOG);
});

test('Drops a page that cannot be parsed if it may contain data of others', async () => {
  const files = await diagnose(RIG, { ...PAGES, '/config_dump?include_eds': '<html>payments', '/debug/syncz': '"payments"' });
  expect([...files.values()].join('\n')).not.toContain('payments');
  expect(files.get('config-dump.json')).toMatch(/^not available: /);
  expect(files.get('clusters.txt')).toContain('inbound|8080||');
});

test("Never writes to another folder because of a pod's name", async () => {
  const one = access();
  const pods = [{ namespace: RIG, name: '../../../escape' }];
  for (const name of Object.keys(await istioDiagnostics(one, new Istiod(one, { namespace: 'istio-system' }), pods))) {
    expect(name).toMatch(/^[\w-][\w.-]*\/[\w-][\w.-]*$/);
  }
});
