import { check, expect, unsupported } from '#fixtures';

check(
  'REGISTRY_ONLY lets HTTPS through to a ServiceEntry host and cuts off unlisted hosts',
  {
    control: { because: 'there is no ServiceEntry', mustFail: { toSucceed: { closed: 1 } } },
    external: ['website'],
    linkerd: unsupported(
      'Linkerd has no counterpart of ServiceEntry; only the cluster DNS resolves names',
      'https://linkerd.io/2/features/egress/',
    ),
  },
  async ({ caller, unmeshedCaller, website }) => {
    const { site, other } = await website.certificates();
    const listed = await website.visit(caller, site, { count: 10 });
    expect(listed.history).toSucceed();
    expect(listed.handshakes).toPresent(site);
    expect(await website.received(listed.history)).toContainEachOnce(listed.history);

    const unlisted = await website.visit(caller, other, { count: 10 });
    expect(unlisted.history).toBeDenied({ by: 'transport' });
    expect(await website.received(unlisted.history)).toBeEmpty();

    expect((await website.visit(unmeshedCaller, other, { count: 3 })).history).toSucceed();
  },
);
