import { check, expect, target } from '#fixtures';

check(
  'An endpoint that becomes unready under load receives nothing more, and no request fails',
  {
    control: { because: 'the Service publishes pods that are not ready', mustFail: { toHaveEjected: 'none ejected' } },
    faults: ['endpoint'],
  },
  async ({ caller, server, namespace }) => {
    const { endpoints } = server;
    const service = target(`ready.${namespace}`, 8080);
    const history = await caller.keepSending(service, { rate: 100 }, async (load) => {
      await load.more(1);
      await server.without('v2', { prober: caller, burst: { count: 60, concurrency: 8 } }, async () => {
        // The proxy learns of the endpoints of the two Services separately, and on a busy machine not at the same time.
        await load.more(3);
        const late = await caller.send(service, { rate: 100, count: 100 });
        expect(await server.received(late)).toHaveEjected([server.version('v2')], { of: endpoints, history: late });
      });
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
