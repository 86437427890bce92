import { check, expect, settledLedger, unsupported } from '#fixtures';

check(
  'A full mirror receives every request once and never affects the client, even when it fails',
  {
    assumes: ['mirrored-host'],
    control: { because: 'there is no mirror', mustFail: { toContainEachOnce: 'never delivered' } },
    linkerd: unsupported('Linkerd does not support the mirror filter of HTTPRoute', 'https://linkerd.io/2/reference/httproute/'),
    docDeviations: [
      {
        documented: "a mirrored request's host ends in -shadow (Envoy's default, and Istio's documentation of mirroring)",
        observed: "the copy keeps the host of the original request: istiod's DISABLE_SHADOW_HOST_SUFFIX is true by default",
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, server, v2: mirror, v3: bystander }) => {
    const original = { count: 300, concurrency: 8, method: 'POST', path: '/orders?item=7', body: 'one', headers: { 'x-order': '{id}' } };
    const history = await caller.send(server, original);
    expect(history).toReachOnly('v1');
    const copies = await settledLedger(mirror, history, { expected: 300 });
    expect(copies).toContainEachOnce(history);
    const asSent = { method: 'POST', path: '/orders?item=7', headers: { host: server.address(), 'x-order': '{id}' } };
    expect(copies).toArriveWith(asSent);

    // A header tells the mirror what to do with a copy. The client has all its responses while copies still wait at the barrier.
    const when = (value: string) => ({ match: { header: { name: 'x-mirror', value } } });
    const test = mirror.version('v2');
    await test.faults(
      { ...when('waits'), act: 'barrier' },
      { ...when('fails'), status: 503 },
      { ...when('resets'), act: 'reset' },
      { ...when('closes'), act: 'close' },
    );
    const send = (trouble: string) => caller.send(server, { count: 50, concurrency: 8, headers: { 'x-mirror': trouble } });
    const sendAll = async () => ({
      troubled: [await send('waits'), await send('fails'), await send('resets'), await send('closes')],
      gone: await send('gone'),
    });
    const [{ troubled, gone }, beside] = await caller.beside(bystander, {}, sendAll);
    for (const unmoved of troubled) {
      expect(unmoved).toReachOnly('v1');
      expect(unmoved).toHaveLatency({ atMostMs: 250, lessThanMs: 5_000, beside });
      expect(await settledLedger(mirror, unmoved, { expected: 50 })).toContainEachOnce(unmoved);
    }
    expect(await test.agent.state()).toHaveWaiting(50);
    expect(gone).toReachOnly('v1');
    expect(gone).toHaveLatency({ atMostMs: 250, lessThanMs: 5_000, beside });
  },
);
