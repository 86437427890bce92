import { expect, test } from '@playwright/test';

import { parseAccessLog } from '../../clusters/istio/proxy/access-log.ts';
import type { ClusterAccess } from '../../clusters/mesh/access.ts';
import { parseCounts, proxyCounts } from '../../clusters/istio/proxy/counts.ts';
import { fieldsOf, formatsIn } from '../../clusters/istio/proxy/log-format.ts';
import { parseLabelledCounts, requestCountOf } from '../../clusters/istio/proxy/request-counts.ts';

const SUCCESS =
  '[2026-11-21T23:35:54.572Z] "POST /x?a=b HTTP/1.1" 200 - via_upstream - "-" 5 67 9 5 "-" "probe/7" "d37bf115-5d1d" "server.shop:8080" "198.19.32.28:8080" outbound|8080||server.shop.svc.cluster.local 198.19.32.25:47150 198.19.44.151:8080 198.19.32.25:41288 - default';
const BLOCKED =
  '[2026-11-21T23:55:48.101Z] "GET / HTTP/1.1" 502 - direct_response - "-" 0 0 0 - "-" "-" "77aa" "unmeshed.away:8080" "-" - - 198.19.44.7:8080 198.19.32.25:33012 - block_all';
const CONNECTION =
  '[2026-11-21T23:55:49.500Z] "- - -" 0 UH - - "-" 0 0 0 - "-" "-" "-" "-" "-" BlackHoleCluster - 198.19.44.7:9000 198.19.32.25:33018 - -';
/** Istio's default format. */
const ISTIO_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

test('Parses access log lines, and skips other output of the proxy', () => {
  const [success, blocked, connection, ...more] = parseAccessLog(
    ['2026-11-21T23:32:18.9Z\twarning\tenvoy upstream\tsomething else', SUCCESS, BLOCKED, '', CONNECTION, '\tthread=18'].join('\n'),
    [ISTIO_FORMAT],
  );
  expect(more).toEqual([]);
  expect(success).toEqual({
    id: 'd37bf115-5d1d',
    method: 'POST',
    path: '/x?a=b',
    protocol: 'HTTP/1.1',
    status: 200,
    flags: '',
    bytesReceived: 5,
    bytesSent: 67,
    userAgent: 'probe/7',
    authority: 'server.shop:8080',
    upstream: 'outbound|8080||server.shop.svc.cluster.local',
    route: 'default',
    text: SUCCESS,
  });
  expect(blocked).toMatchObject({ id: '77aa', status: 502, flags: '', userAgent: '', upstream: '', route: 'block_all' });
  expect(connection).toMatchObject({ id: '', method: '', status: 0, flags: 'UH', upstream: 'BlackHoleCluster', route: '' });
});

test('Parses lines in any configured format', () => {
  const short = '%REQ(x-request-id)%|%RESPONSE_CODE%|%REQ(:AUTHORITY)%|%DURATION%\n';
  expect(parseAccessLog('77aa|200|server:8080|12\n77ab|-|-|-\nsomething else', [ISTIO_FORMAT, short])).toEqual([
    { id: '77aa', status: 200, authority: 'server:8080', text: '77aa|200|server:8080|12' },
    { id: '77ab', status: 0, authority: '', text: '77ab|-|-|-' },
  ]);
  const json = {
    request_id: '%REQ(X-REQUEST-ID)%',
    response_code: '%RESPONSE_CODE%',
    path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
    duration: '%DURATION%',
  };
  const line = '{"duration":3,"path":"/x \\"y\\"","request_id":"77ac","response_code":503}';
  expect(parseAccessLog(`${line}\n{"level":"info"}\n{`, [json])).toEqual([{ id: '77ac', status: 503, path: '/x "y"', text: line }]);
  expect(parseAccessLog('{"request_id":null,"response_code":0,"path":null}', [json])).toMatchObject([{ id: '', status: 0, path: '' }]);
  expect(parseAccessLog(SUCCESS, [])).toEqual([]);
});

test('Restores the original ID of a request that the proxy traces', () => {
  const idOf = (written: string) => parseAccessLog(written, ['%REQ(X-REQUEST-ID)%\n'])[0]?.id;
  for (const digit of '49ab') expect(idOf(`146d5751-12c1-${digit}a70-8bf2-000000000031`)).toBe('146d5751-12c1-4a70-8bf2-000000000031');
  for (const id of ['146d5751-12c1-7a70-8bf2-000000000031', 'order-12c1-9a70', '77aa']) expect(idOf(id)).toBe(id);
});

test('Collects the distinct formats of all listeners', () => {
  const log = (format: object) => ({ typed_config: { path: '/dev/stdout', log_format: format } });
  const text = { text_format_source: { inline_string: ISTIO_FORMAT } };
  const json = { json_format: { id: '%REQ(X-REQUEST-ID)%' } };
  const listeners = [{ access_log: [log(text)] }, { filters: [{ typed_config: { access_log: [log(text), log(json)] } }] }];
  expect(formatsIn({ configs: listeners })).toEqual([ISTIO_FORMAT, { id: '%REQ(X-REQUEST-ID)%' }]);
  expect(formatsIn({})).toEqual([]);
  expect(fieldsOf(ISTIO_FORMAT)).toEqual(expect.arrayContaining(['id', 'method', 'path', 'status', 'flags', 'upstream', 'route']));
  expect(fieldsOf({ code: '%RESPONSE_CODE%', when: '%START_TIME%' })).toEqual(['status']);
});

test('Adds up counters by pod, and skips endpoints that are not pods', () => {
  const host = (address: string, rq_total: number, rq_error = 0) => ({
    address: { socket_address: { address, port_value: 8080 } },
    stats: [
      { name: 'cx_total', value: '3' },
      { name: 'rq_error', value: String(rq_error) },
      { name: 'rq_total', value: String(rq_total) },
      { name: 'rq_active', type: 'GAUGE' },
    ],
  });
  const page = JSON.stringify({
    cluster_statuses: [
      { name: 'outbound|8080||server.shop.svc.cluster.local', host_statuses: [host('10.0.0.1', 5, 2), host('10.0.0.2', 7)] },
      { name: 'outbound|8080|v1|server.shop.svc.cluster.local', host_statuses: [host('10.0.0.1', 4)] },
      { name: 'outbound|443||kubernetes.default.svc.cluster.local', host_statuses: [host('192.168.0.1', 9)] },
      { name: 'inbound|8080||', host_statuses: [host('10.0.0.9', 30, 1)] },
      { name: 'inbound|9090||' },
      { name: 'xds-grpc', host_statuses: [host('127.0.0.1', 1)] },
    ],
  });
  const pods = new Map([
    ['10.0.0.1', 'server-v1'],
    ['10.0.0.2', 'server-v2'],
    ['10.0.0.9', 'caller'],
  ]);
  expect(parseCounts(page, (address) => pods.get(address), 'caller')).toEqual({
    sent: { 'server-v1': { requests: 9, failed: 2 }, 'server-v2': { requests: 7, failed: 0 } },
    received: { caller: { requests: 30, failed: 1 } },
  });
  expect(parseCounts('{}', () => undefined, 'caller')).toEqual({ sent: {}, received: { caller: { requests: 0, failed: 0 } } });
});

test("Lists pods only in the pod's namespace and in those of Services that it has called", async () => {
  const called = (host: string, address: string, requests: number) => ({
    name: `outbound|8080||${host}`,
    host_statuses: [{ address: { socket_address: { address } }, stats: [{ name: 'rq_total', value: String(requests) }] }],
  });
  const page = JSON.stringify({
    cluster_statuses: [
      called('server.rig.svc.cluster.local', '10.0.0.1', 5),
      called('neighbour.rig-neighbour.svc.example.org', '10.0.0.2', 1),
      called('till.shop.svc.cluster.local', '10.0.0.3', 0),
      called('orders.example.internal', '10.0.0.1', 2),
      { name: 'xds-grpc' },
    ],
  });
  const asked: (string | undefined)[] = [];
  const addresses: Record<string, [string, string][]> = { rig: [['server-v1', '10.0.0.1']], 'rig-neighbour': [['neighbour', '10.0.0.2']] };
  const unused = () => Promise.reject(new Error('not asked for'));
  const access: ClusterAccess = {
    apply: unused,
    get: unused,
    list: unused,
    logs: unused,
    logsSince: unused,
    connection: () => {
      throw new Error('not asked for');
    },
    fetchText: () => Promise.resolve(page),
    pods: (namespace) => {
      asked.push(namespace);
      const pods = (addresses[namespace ?? ''] ?? []).map(([name, podIP]) => ({
        metadata: { namespace: namespace ?? '', name, uid: name },
        spec: { containers: [] },
        status: { podIP },
      }));
      return Promise.resolve(pods);
    },
  };
  const { sent } = await proxyCounts(access, { namespace: 'rig', name: 'caller' });
  expect(new Set(asked)).toEqual(new Set(['rig', 'rig-neighbour']));
  expect(sent).toEqual({ 'server-v1': { requests: 7, failed: 0 }, neighbour: { requests: 1, failed: 0 } });
});

test('Parses the request counter from the text format that Istio documents', () => {
  const page = `# TYPE istio_requests_total counter
istio_requests_total{reporter="source",source_workload="caller",destination_service_name="server",response_code="200",response_flags="-",connection_security_policy="unknown"} 42

istio_requests_total{reporter="destination",source_principal="spiffe://cluster.local/ns/shop/sa/a,\\"b\\"",response_code="500"} 3 1790000000000
# TYPE istio_request_bytes_sum counter
istio_request_bytes_sum{reporter="source"} 17
`;
  expect(parseLabelledCounts(page)).toEqual([
    {
      labels: {
        reporter: 'source',
        source_workload: 'caller',
        destination_service_name: 'server',
        response_code: '200',
        response_flags: '-',
        connection_security_policy: 'unknown',
      },
      count: 42,
    },
    {
      labels: { reporter: 'destination', source_principal: 'spiffe://cluster.local/ns/shop/sa/a,"b"', response_code: '500' },
      count: 3,
    },
  ]);
  expect(parseLabelledCounts('')).toEqual([]);
});

test("Converts a series of Istio's counter to the mesh-neutral form, and omits unknown fields", () => {
  const workloads = { source_workload: 'caller', source_workload_namespace: 'shop', destination_workload: 'server-v2' };
  const labels = { ...workloads, destination_service_name: 'server', response_code: '200' };
  const [from, to] = [
    { workload: 'caller', namespace: 'shop' },
    { workload: 'server-v2', service: 'server' },
  ];
  const sent = { ...labels, reporter: 'source', source_principal: 'unknown', connection_security_policy: 'unknown' };
  expect(requestCountOf({ labels: sent, count: 7 })).toEqual({ side: 'client', from, to, status: 200, count: 7 });
  const identity = 'spiffe://cluster.local/ns/shop/sa/frontend';
  const received = { ...labels, reporter: 'destination', source_principal: identity, connection_security_policy: 'mutual_tls' };
  expect(requestCountOf({ labels: received, count: 7 })).toEqual({
    side: 'server',
    from: { ...from, identity },
    to,
    status: 200,
    secured: true,
    count: 7,
  });
  const plain = { reporter: 'destination', connection_security_policy: 'none', response_code: '0' };
  expect(requestCountOf({ labels: plain, count: 1 })).toEqual({ side: 'server', from: {}, to: {}, status: 0, secured: false, count: 1 });
  expect(requestCountOf({ labels: { ...labels, reporter: 'waypoint' }, count: 1 })).toBeUndefined();
});
