import { expect, test } from '@playwright/test';

import { parseAccessLog } from '../../clusters/linkerd/proxy/access-log.ts';
import { parseMetrics, withProxy, proxyVersionOf } from '../../clusters/linkerd/proxy/admin.ts';
import { countsIn } from '../../clusters/linkerd/proxy/counts.ts';
import { requestCountOf } from '../../clusters/linkerd/proxy/request-counts.ts';
import { UNREPORTED } from '../../clusters/mesh/observations.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { pod } from './simulated-linkerd.ts';

const PAGE = `# HELP request_total Total count of HTTP requests.
# TYPE request_total counter
request_total{direction="outbound",authority="server-v2.rig:8080",dst_deployment="server-v2",dst_namespace="rig",dst_pod="server-v2-5f-abcde",dst_service="server-v2",server_id="server.rig.x",tls="true"} 42
request_total{direction="inbound",target_addr="0.0.0.0:8080",client_id="frontend.rig.x",tls="true"} 11
request_total{direction="inbound",target_addr="10.0.0.1:15998",tls="no_identity"} 99
response_total{direction="outbound",dst_deployment="server-v2",dst_namespace="rig",dst_pod="server-v2-5f-abcde",dst_service="server-v2",server_id="server.rig.x",status_code="200",classification="success",tls="true"} 37
response_total{direction="outbound",dst_deployment="server-v2",dst_namespace="rig",dst_pod="server-v2-5f-abcde",dst_service="server-v2",server_id="server.rig.x",status_code="500",classification="failure",tls="true"} 5
response_total{direction="inbound",target_addr="0.0.0.0:8080",client_id="frontend.rig.x",tls="true",status_code="200",classification="success"} 11
response_total{direction="inbound",target_addr="0.0.0.0:8080",tls="no_identity",no_tls_reason="no_tls_from_remote",status_code="200",classification="success"} 3
response_total{direction="inbound",target_addr="0.0.0.0:4191",tls="true",client_id="prometheus.linkerd-viz.x",status_code="200",classification="success"} 20
response_total{direction="inbound",target_addr="0.0.0.0:4191",tls="no_identity",route_name="probe",status_code="503",classification="failure"} 1
proxy_build_info{git_sha="0",profile="release",vendor="linkerd",version="v2.366.0"} 1
other{quoted="a \\"b\\" \\\\ c"} 1.5
`;

const samples = parseMetrics(PAGE, ['request_total', 'response_total']);
const own = { namespace: 'rig', name: 'server-v1-7d9f-x2x4z' };

test('Parses metrics by name, and unquotes their labels', () => {
  expect(samples).toHaveLength(9);
  expect(parseMetrics(PAGE, ['other'])).toEqual([{ name: 'other', labels: { quoted: 'a "b" \\ c' }, value: 1.5 }]);
  expect(parseMetrics(PAGE, ['proxy_build_info'])[0]?.labels['version']).toBe('v2.366.0');
});

test('Counts requests by destination pod, without those to the readiness port or the proxy itself', () => {
  expect(countsIn(samples, own.name)).toEqual({
    sent: { 'server-v2-5f-abcde': { requests: 42, failed: 5 } },
    received: { [own.name]: { requests: 11, failed: 0 } },
  });
});

test("Reads the caller's identity and the destination's workload from the response counter, and marks what is never reported", () => {
  const counts = samples.flatMap((sample) => requestCountOf(sample, own) ?? []);
  const me = { workload: 'server-v1', namespace: 'rig' };
  const to = { workload: 'server-v2', namespace: 'rig', service: 'server-v2', identity: 'server.rig.x' };
  const server = { side: 'server', to: { ...me, service: UNREPORTED }, status: 200 } as const;
  expect(counts).toEqual([
    { side: 'client', from: me, to, status: 200, secured: true, count: 37 },
    { side: 'client', from: me, to, status: 500, secured: true, count: 5 },
    { ...server, from: { identity: 'frontend.rig.x', workload: UNREPORTED, namespace: UNREPORTED }, secured: true, count: 11 },
    { ...server, from: { workload: UNREPORTED, namespace: UNREPORTED }, secured: false, count: 3 },
  ]);
});

test('Matches any value of a field that the mesh never reports, and only equal ones of others', () => {
  const counts = samples.flatMap((sample) => requestCountOf(sample, own) ?? []).filter(({ side }) => side === 'server');
  const frontend = { from: { workload: 'caller', identity: 'frontend.rig.x' }, count: 11 };
  const plain = { secured: false, count: 3 };
  expect(matchers.toCountRequests(counts, [frontend, plain]).pass).toBe(true);
  expect(matchers.toCountRequests(counts, [{ ...frontend, from: { identity: 'other.rig.x' } }, plain]).pass).toBe(false);
  expect(matchers.toCountRequests(counts, [{ ...frontend, to: { workload: 'server-v9' } }, plain]).pass).toBe(false);
});

test('Parses the access log in JSON, and separates path and authority between proxies', () => {
  const meshed =
    '{"host":"server.rig:8080","method":"POST","uri":"http://server.rig:8080/orders?page=2","status":200,"user_agent":"probe/1","version":"HTTP/2.0","response_bytes":"17"}';
  const plain = '{"host":"server.rig:8080","method":"GET","uri":"/","status":503,"user_agent":"","version":"HTTP/1.1"}';
  const log = ['[ 0.1s]  INFO ThreadId(01) linkerd2_proxy: release', meshed, '{"timestamp":"x","level":"INFO"}', '{broken', plain, ''].join(
    '\n',
  );
  expect(parseAccessLog(log)).toEqual([
    {
      method: 'POST',
      path: '/orders?page=2',
      protocol: 'HTTP/2.0',
      userAgent: 'probe/1',
      authority: 'server.rig:8080',
      status: 200,
      bytesSent: 17,
      text: meshed,
    },
    { method: 'GET', path: '/', protocol: 'HTTP/1.1', userAgent: '', authority: 'server.rig:8080', status: 503, text: plain },
  ]);
});

test('Treats a pod as meshed while its proxy runs, as native sidecar or not', () => {
  const going = pod('going');
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const bare = { ...pod('bare'), spec: { containers: [{ name: 'app' }] } };
  expect(withProxy([pod('one'), going, bare]).map(({ metadata }) => metadata.name)).toEqual(['one']);
  expect(proxyVersionOf(pod('one'))).toBe('1');
});
