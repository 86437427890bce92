import { check, edgesOfLedger, expect, watchGraph } from '#fixtures';

check(
  'The service graph shows each pair that communicates, with exact request counts, and no other',
  {
    assumes: ['default-metrics'],
    control: {
      because: "the second caller's requests are sent by the first",
      mustFail: { toMatchTraffic: ['missing edge', 'unexpected edge'] },
      swap: { secondCaller: 'caller' },
    },
  },
  async ({ caller, secondCaller, server, v1, v2, mirror }) => {
    const middle = v1.version('v1');
    const graph = await watchGraph(caller.proxy, secondCaller.proxy, middle.proxy, mirror.version('v1').proxy);

    const spread = await caller.send(server, { count: 31 });
    expect(spread).toHaveStatus(200);
    expect(await caller.send(mirror, { count: 7, connections: 'new' })).toHaveStatus(200);
    expect(await secondCaller.send(v2, { count: 11 })).toHaveStatus(200);
    expect(await middle.send(mirror, { count: 5 })).toHaveStatus(200);

    expect(await graph()).toMatchTraffic([
      ...edgesOfLedger(spread, await server.received(spread)),
      { from: 'caller', to: 'mirror', requests: 7 },
      { from: 'other', to: 'server-v2', requests: 11 },
      { from: 'server-v1', to: 'mirror', requests: 5 },
    ]);
  },
);
