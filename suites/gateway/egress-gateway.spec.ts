import { check, target, expect, unsupported } from '#fixtures';

/** An unused address (TEST-NET-2): the caller's own proxy routes the request by its host. */
const partner = target('198.51.100.7', 80);

check(
  'Every request to an external host leaves the mesh through the egress gateway',
  {
    assumes: ['log-fields'],
    base: 'egress-gateway',
    control: { because: "the caller's own route bypasses the egress gateway", mustFail: { toLogEachAs: ['no line', 'wrong upstream'] } },
    linkerd: unsupported('Linkerd has no egress gateway', 'https://linkerd.io/2/features/egress/'),
  },
  async ({ caller, egress, unmeshedServer, serviceName }) => {
    await egress.openFor(caller);
    const headers = { host: 'partner.example.com', 'user-agent': '{id}' };
    const sent = await caller.send(partner, { count: 60, path: '/orders?page=2', headers });
    expect(sent).toSucceed();
    expect(await unmeshedServer.received(sent)).toContainEachOnce(sent);

    const [passed, left] = await Promise.all([
      egress.proxy().then(async (proxy) => await proxy.accessLog(sent, ({ userAgent }) => userAgent)),
      caller.proxy.accessLog(sent, ({ userAgent }) => userAgent),
    ]);
    expect(passed).toLogEachAs(sent, { status: 200, upstream: 'outbound|80||partner.example.com' });
    expect(left).toLogEachAs(sent, { status: 200, upstream: `outbound|80||${serviceName('egressgateway')}` });
  },
);
