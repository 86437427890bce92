import { check, expect, unsupported } from '#fixtures';

check(
  'A hanging mirror target neither fails nor delays any request',
  {
    control: { because: 'a tenth of the requests are routed to the mirror target', mustFail: { toSucceed: 'answered 504 UT' } },
    linkerd: unsupported('Linkerd does not support the mirror filter of HTTPRoute', 'https://linkerd.io/2/reference/httproute/'),
    faults: ['endpoint'],
  },
  async ({ caller, v1, v2, mirror }) => {
    await mirror.version('v1').faults({ act: 'hang' });
    const sent = caller.beside(v2, {}, () => caller.send(v1, { rate: 100, count: 500 }));
    const [history, beside] = await sent;
    expect(history).toSucceed();
    expect(history).toHaveLatency({ atMostMs: 250, beside });
    expect(await mirror.ledger()).toHaveDeliveries({ atLeast: 400, atMost: 600 });
  },
);
