import { expect, test } from '@playwright/test';

import { parseDefaults } from '../../clusters/istio/proxy/defaults.ts';

const TO = { host: 'server.rig', port: 8080 };
const TYPE = { '@type': 'type.googleapis.com/x' };

const manager = (some: object) => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: { ...TYPE, stat_prefix: 'a', http_filters: [{ name: 'istio.alpn' }, { name: 'envoy.filters.http.router' }], ...some },
});
const listener = (name: string, filter: object, some: object = {}) => ({
  name,
  active_state: { listener: { name, address: {}, filter_chains: [{ filters: [{ name: 'x' }] }, { filters: [filter] }], ...some } },
});
const virtualHost = (domain: string, route: object) => ({
  name: domain,
  domains: [domain],
  include_request_attempt_count: true,
  routes: [{ match: { prefix: '/' }, route: { cluster: `outbound|8080||${domain}`, ...route } }],
});
const cluster = (domain: string, some: object) => ({ cluster: { ...TYPE, name: `outbound|8080||${domain}`, ...some } });

/** A config dump with two Services, two listeners and a bootstrap. */
const dump = (route: object = {}) =>
  JSON.stringify({
    configs: [
      {
        bootstrap: {
          node: { metadata: { PROXY_CONFIG: { drainDuration: '45s', discoveryAddress: 'istiod-1-31:15012' } } },
          layered_runtime: {
            layers: [
              { name: 'static', static_layer: { 're2.max_program_size': 32_768 } },
              { name: 'admin', admin_layer: {} },
            ],
          },
        },
      },
      {
        dynamic_active_clusters: [
          cluster('other.rig', { connect_timeout: '1s' }),
          cluster('server.rig', {
            connect_timeout: '10s',
            circuit_breakers: { thresholds: [{ max_retries: 4_294_967_295 }] },
            typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': { use_downstream: true } },
            transport_socket_matches: [
              {
                name: 'tls',
                transport_socket: {
                  typed_config: { common_tls_context: { tls_params: { max: 'TLSv1_3' }, alpn_protocols: ['istio', 'h2'] } },
                },
              },
            ],
          }),
        ],
      },
      {
        dynamic_listeners: [
          listener('0.0.0.0_9090', manager({ normalize_path: false })),
          listener(
            '0.0.0.0_8080',
            manager({
              normalize_path: true,
              access_log: [{ typed_config: { log_format: { text_format_source: { inline_string: '%PROTOCOL%' } } } }],
            }),
            { drain_type: 'MODIFY_ONLY' },
          ),
          listener('virtualInbound', manager({ server_name: 'istio-envoy' })),
        ],
      },
      {
        dynamic_route_configs: [
          { route_config: { name: '9090', virtual_hosts: [virtualHost('server.rig', { timeout: '9s' })] } },
          {
            route_config: {
              name: '8080',
              virtual_hosts: [
                virtualHost('other.rig', { timeout: '8s' }),
                virtualHost('server.rig', { timeout: '0s', retry_policy: { num_retries: 2 }, ...route }),
              ],
            },
          },
        ],
      },
    ],
  });

test('Reads the settings for a Service from its route, its cluster, the listeners and the bootstrap', () => {
  expect(parseDefaults(dump(), TO)).toEqual({
    'route.timeout': '0s',
    'route.retry_policy.num_retries': '2',
    'virtual_host.include_request_attempt_count': 'true',
    'cluster.connect_timeout': '10s',
    'cluster.circuit_breakers.thresholds[0].max_retries': '4294967295',
    'cluster.typed_extension_protocol_options.HttpProtocolOptions.use_downstream': 'true',
    'cluster.tls.tls_params.max': 'TLSv1_3',
    'cluster.tls.alpn_protocols': 'istio, h2',
    'outbound.listener.drain_type': 'MODIFY_ONLY',
    'outbound.listener.filters': '',
    'outbound.normalize_path': 'true',
    'outbound.http_filters': 'istio.alpn, envoy.filters.http.router',
    'outbound.access_log': '"%PROTOCOL%"',
    'inbound.listener.filters': '',
    'inbound.server_name': 'istio-envoy',
    'inbound.http_filters': 'istio.alpn, envoy.filters.http.router',
    'inbound.access_log': '',
    'proxy.drainDuration': '45s',
    'runtime.re2.max_program_size': '32768',
  });
});

test('Reads settings that it has never heard of', () => {
  expect(parseDefaults(dump({ hedge_policy: { hedge_on_per_try_timeout: true } }), TO)).toMatchObject({
    'route.hedge_policy.hedge_on_per_try_timeout': 'true',
  });
});

test('Refuses a dump without a route to the Service, which would show no difference', () => {
  expect(() => parseDefaults(dump(), { host: 'nobody.rig', port: 8080 })).toThrow(/no route to nobody\.rig:8080/);
  expect(() => parseDefaults(dump(), { host: 'server.rig', port: 80 })).toThrow(/no route/);
  expect(() => parseDefaults('{}', TO)).toThrow(/no route/);
});
