import { check, expect } from '#fixtures';

check(
  'The default retry policy does not redeliver a POST whose response is lost in the network',
  {
    control: { because: 'requests that time out are retried too', mustFail: { toDeliverAtMostOnce: 'delivered again' } },
    needs: { nodes: 'kind', because: "packets are dropped in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, network }) => {
    const mute = server.version('v2');
    const post = { rate: 50, method: 'POST', body: 'pay once' };
    expect(await caller.send(server, { ...post, count: 50 })).toSucceed();
    const history = await caller.keepSending(server, post, async (load) => {
      await load.more(0.5);
      await network.during({ kind: 'drop', direction: 'out' }, { at: mute, towards: caller }, () => load.more(2));
    });
    expect(await server.received(history)).toDeliverAtMostOnce(history, { mute });
  },
);
