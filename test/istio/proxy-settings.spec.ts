import { expect, test } from '@playwright/test';

import { parseAccessLog } from '../../clusters/istio/proxy/access-log.ts';
import { parseProxySettings } from '../../clusters/istio/proxy/settings.ts';

const manager = (config: object) => ({
  active_state: {
    listener: { filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: config }] }] },
  },
});
const dump = (metadata: object, listeners: object[], tracing?: object) =>
  JSON.stringify({ configs: [{ bootstrap: { node: { metadata }, ...(tracing ? { tracing } : {}) } }, { dynamic_listeners: listeners }] });

test("Reads a proxy's settings from its config dump", () => {
  const log = {
    name: 'file',
    typed_config: { path: '/dev/stdout', log_format: { text_format_source: { inline_string: '[%START_TIME%]\n' } } },
  };
  const provider = { typed_config: { collector_cluster: 'zipkin' } };
  const listener = manager({ tracing: { random_sampling: { value: 100 }, provider }, access_log: [{ name: 'other' }, log] });
  expect(parseProxySettings(dump({ DNS_CAPTURE: 'true', DNS_AUTO_ALLOCATE: 'true' }, [listener]))).toEqual({
    accessLogFile: '/dev/stdout',
    accessLogFormat: '[%START_TIME%]\n',
    tracingSampling: 100,
    tracingCollector: 'zipkin',
    dnsCapture: 'true',
    dnsAutoAllocate: 'true',
  });
});

test('Reads a collector from the bootstrap, and omits missing settings', () => {
  const http = { typed_config: { collector_cluster: 'zipkin' } };
  expect(parseProxySettings(dump({}, [manager({})], { http }))).toEqual({ tracingCollector: 'zipkin' });
  const socket_address = { address: 'zipkin.monitoring', port_value: 9411 };
  const cluster = { name: 'zipkin', load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address } } }] }] } };
  const bootstrap = { tracing: { http }, static_resources: { clusters: [{ name: 'other' }, cluster] } };
  expect(parseProxySettings(JSON.stringify({ configs: [{ bootstrap }] }))).toEqual({ tracingCollector: 'zipkin.monitoring:9411' });
  expect(parseProxySettings(dump({}, []))).toEqual({});
});

test('Also parses lines in the format that guides configure', () => {
  const text =
    '[2026-11-22T02:18:32.078Z] "GET /a HTTP/1.1" 503 UF 0 59 3 - "-" "probe/1" "e3c0" "orders.example.internal:8080" "198.19.16.76:8080"';
  const format =
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';
  expect(parseAccessLog(`${text}\n`, [format])).toEqual([
    {
      id: 'e3c0',
      method: 'GET',
      path: '/a',
      protocol: 'HTTP/1.1',
      status: 503,
      flags: 'UF',
      bytesReceived: 0,
      bytesSent: 59,
      userAgent: 'probe/1',
      authority: 'orders.example.internal:8080',
      text,
    },
  ]);
});
