import { check, expect } from '#fixtures';

check(
  'A blue-green switch under load fails no request, and the colour with weight 0 receives none',
  {
    control: {
      because: "green selects blue's pods, so nothing is switched",
      mustFail: { toCutOver: 'no cut-over', toReachOnly: { 'answered by v1': 1 }, toBeEmpty: { delivered: 1 } },
    },
  },
  async ({ caller, server, v1: blue, v2: green }, policy) => {
    const before = await caller.send(server, { count: 1_000, concurrency: 16 });
    expect(before).toReachOnly('v1');
    expect(await green.received(before)).toBeEmpty();

    const during = await caller.sendDuring(() => policy.change(), server, { count: 100, concurrency: 8 });
    expect(during).toCutOver({ from: 'v1', to: 'v2' });
    expect(await server.received(during)).toContainEachOnce(during);

    const after = await caller.send(server, { count: 1_000, concurrency: 16 });
    expect(after).toReachOnly('v2');
    expect(await blue.received(after)).toBeEmpty();
  },
);
