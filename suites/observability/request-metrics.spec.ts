import { check, expect, watchRequestCounts } from '#fixtures';

check(
  'Request metrics on both sides count every request once, with correct labels',
  {
    control: {
      because: "the second caller's requests come from the first",
      mustFail: { toCountRequests: 'another number' },
      swap: { other: 'caller' },
    },
    needs: {
      feature: 'request-metrics',
      because: "the request counter comes from Istio's own filter",
      link: 'https://istio.io/latest/docs/reference/config/metrics/',
    },
  },
  async ({ caller, other, v2, namespace, identity }) => {
    const left = await watchRequestCounts(caller.proxy);
    const arrived = await watchRequestCounts(...v2.endpoints.map(({ proxy }) => proxy));

    expect(await caller.send(v2, { count: 37 })).toHaveStatus(200);
    expect(await other.send(v2, { count: 11 })).toHaveStatus(200);
    await v2.version('v2').faults({ status: 500 });
    expect(await caller.send(v2, { count: 5 })).toHaveStatus(500);

    const to = { destination_workload: 'server-v2', destination_workload_namespace: namespace, destination_service_name: 'server-v2' };
    const sent = { ...to, reporter: 'source', source_workload: 'caller', source_workload_namespace: namespace };
    const received = { ...to, reporter: 'destination', source_workload_namespace: namespace, connection_security_policy: 'mutual_tls' };
    const from = (account: string) => ({ source_workload: account, source_principal: identity(account) });
    expect(await left()).toCountRequests([
      { labels: { ...sent, response_code: '200' }, value: 37 },
      { labels: { ...sent, response_code: '500' }, value: 5 },
    ]);
    expect(await arrived()).toCountRequests([
      { labels: { ...received, ...from('caller'), response_code: '200' }, value: 37 },
      { labels: { ...received, ...from('caller'), response_code: '500' }, value: 5 },
      { labels: { ...received, ...from('other'), response_code: '200' }, value: 11 },
    ]);
  },
);
