import { check, expect, target, unsupported } from '#fixtures';

/** An unused address (TEST-NET-2): the caller's own proxy rejects the request before it connects. */
const unlisted = target('198.51.100.7', 80);

check(
  'An EgressNetwork that denies lets listed external hosts through and cuts off all others',
  {
    control: {
      because: 'the EgressNetwork allows all traffic',
      mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' },
    },
    external: ['website'],
    istio: unsupported(
      'Istio lists external hosts in ServiceEntries instead; see service-entry-https',
      'https://istio.io/latest/docs/reference/config/networking/service-entry/',
    ),
  },
  async ({ caller, unmeshedCaller, website }) => {
    const { site, other } = await website.certificates();
    const listed = await website.visit(caller, site, { count: 10 });
    expect(listed.history).toSucceed();
    expect(await website.received(listed.history)).toContainEachOnce(listed.history);

    const cutOff = await website.visit(caller, other, { count: 10 });
    expect(cutOff.history).toBeDenied({ by: 'transport' });
    expect(await website.received(cutOff.history)).toBeEmpty();
    expect((await website.visit(unmeshedCaller, other, { count: 3 })).history).toSucceed();

    expect(await caller.send(unlisted, { count: 20, path: '/' })).toBeRejectedWith({ status: 403, flag: 'L5D' });
  },
);
