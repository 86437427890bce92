import { check, expect, watchCounts } from '#fixtures';

check(
  "The counters of both proxies match the servers' ledgers exactly",
  {
    assumes: ['default-retries'],
    control: {
      because: "the second caller's requests go through the first caller's proxy",
      mustFail: { toAgreeWithLedger: { 'counted too many': 1 } },
      swap: { secondCaller: 'caller' },
    },
    faults: ['endpoint'],
  },
  async ({ caller, secondCaller, server }) => {
    await server.version('v2').faults({ status: 500, share: 0.5 });
    const left = await watchCounts(caller.proxy);
    const arrived = await watchCounts(...server.endpoints.map(({ proxy }) => proxy));

    const mine = await caller.send(server, { count: 90, connections: 'new' });
    const others = await secondCaller.send(server, { count: 40 });

    expect((await arrived()).received).toAgreeWithLedger(await server.ledger(), mine, others);
    expect((await left()).sent).toAgreeWithLedger(await server.received(mine), mine);
  },
);
