import { check, expect } from '#fixtures';

check(
  'At 100 % sampling every request yields one connected trace; at 0 % none does',
  {
    control: { because: 'the sampling rate is 0 %', mustFail: { toTraceEach: { 'no trace': 1 } } },
    external: ['collector'],
  },
  async ({ caller, server, collector, namespace }, policy) => {
    const between = { from: `caller.${namespace}`, to: `server.${namespace}` };
    const sampled = await caller.send(server, { count: 100, concurrency: 8 });
    const spans = await collector.spans(sampled, { expected: 2 });
    expect(spans).toTraceEach(sampled, between);

    await policy.change();
    const unsampled = await caller.send(server, { count: 100, concurrency: 8 });
    expect(await collector.spans(unsampled, { expected: 0 })).toTraceNone(unsampled);
    // Tracing still works: a request that asks for a trace gets one.
    const forced = await caller.send(server, { count: 20, headers: { 'x-client-trace-id': '{id}' } });
    expect(await collector.spans(forced, { expected: 2 })).toTraceEach(forced, between);
  },
);
