import { check, expect, watchRequestCounts } from '#fixtures';

check(
  'Meshed pods use mutual TLS without any configuration, and the metrics of the server name the peer',
  {
    control: {
      because: "the second caller's requests are sent by the first",
      mustFail: { toCountRequests: 'wrong count' },
      swap: { secondCaller: 'caller' },
    },
    needs: {
      feature: 'request-metrics',
      because: 'the peer is read from the request metrics',
      link: 'https://github.com/kubernetes-sigs/gateway-api/blob/main/geps/gep-1324/index.md',
    },
  },
  async ({ caller, secondCaller, unmeshedCaller, v1, identity }) => {
    const arrived = await watchRequestCounts(...v1.endpoints.map(({ proxy }) => proxy));
    expect(await caller.send(v1, { count: 30 })).toSucceed();
    expect(await secondCaller.send(v1, { count: 20, connections: 'new' })).toSucceed();
    expect(await unmeshedCaller.send(v1, { count: 10 })).toSucceed();
    expect(await arrived()).toCountRequests([
      { side: 'server', from: { identity: identity('frontend') }, secured: true, status: 200, count: 30 },
      { side: 'server', from: { identity: identity('other') }, secured: true, status: 200, count: 20 },
      { side: 'server', secured: false, status: 200, count: 10 },
    ]);
  },
);
