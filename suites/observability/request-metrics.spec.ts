import { check, expect, watchRequestCounts } from '#fixtures';

check(
  'Request metrics on both sides count every request once, with correct labels',
  {
    assumes: ['default-retries', 'default-metrics'],
    control: {
      because: "the second caller's requests are sent by the first",
      mustFail: { toCountRequests: 'wrong count' },
      swap: { secondCaller: 'caller' },
    },
    needs: {
      feature: 'request-metrics',
      because: "the request counter comes from Istio's own filter",
      link: 'https://istio.io/latest/docs/reference/config/metrics/',
    },
    faults: ['endpoint'],
  },
  async ({ caller, secondCaller, v2, namespace, identity }) => {
    const left = await watchRequestCounts(caller.proxy);
    const arrived = await watchRequestCounts(...v2.endpoints.map(({ proxy }) => proxy));

    expect(await caller.send(v2, { count: 37 })).toHaveStatus(200);
    expect(await secondCaller.send(v2, { count: 11 })).toHaveStatus(200);
    await v2.version('v2').faults({ status: 500 });
    expect(await caller.send(v2, { count: 5 })).toHaveStatus(500);

    const to = { workload: 'server-v2', namespace, service: 'server-v2' };
    const sent = { side: 'client', from: { workload: 'caller', namespace }, to } as const;
    const received = (workload: string, account: string) =>
      ({ side: 'server', from: { workload, namespace, identity: identity(account) }, to, secured: true }) as const;
    expect(await left()).toCountRequests([
      { ...sent, status: 200, count: 37 },
      { ...sent, status: 500, count: 5 },
    ]);
    expect(await arrived()).toCountRequests([
      { ...received('caller', 'frontend'), status: 200, count: 37 },
      { ...received('caller', 'frontend'), status: 500, count: 5 },
      { ...received('other', 'other'), status: 200, count: 11 },
    ]);
  },
);
