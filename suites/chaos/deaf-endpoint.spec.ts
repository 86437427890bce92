import { check, expect } from '#fixtures';

check(
  'With retries and a per-try timeout, no GET fails while an endpoint receives no packet',
  {
    control: { because: 'nothing is retried', mustFail: { toSucceed: ['answered 504 UT', 'answered 503 UF'] } },
    needs: { nodes: 'kind', because: "packets are dropped in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, network }) => {
    const deaf = server.version('v2');
    const history = await caller.keepSending(server, { rate: 50 }, async (load) => {
      await load.more(1);
      // What the endpoint sends still arrives.
      await network.during({ kind: 'drop', direction: 'in' }, { at: deaf, towards: caller }, () => load.more(3));
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
