import { check, expect, unsupported } from '#fixtures';

check(
  'A ServerAuthorization admits one service account and denies all others and unmeshed pods',
  {
    control: {
      because: 'another account is authorized',
      mustFail: {
        toSucceed: { 'answered 403 without a mark': 1 },
        toContainEachOnce: 'never delivered',
        toBeDenied: { 'answered 200': 1 },
        toBeEmpty: { delivered: 1 },
      },
    },
    istio: unsupported(
      'ServerAuthorization is a kind of Linkerd; see allow-principal-method-path',
      'https://istio.io/latest/docs/reference/config/security/authorization-policy/',
    ),
  },
  async ({ caller, secondCaller, neighbour, unmeshedCaller, v1, v2 }) => {
    const allowed = await caller.send(v1, { count: 50, connections: 'new' });
    expect(allowed).toSucceed();
    expect(await v1.received(allowed)).toContainEachOnce(allowed);
    for (const from of [secondCaller, neighbour, unmeshedCaller]) {
      const denied = await from.send(v1, { count: 50, connections: 'new' });
      expect(denied).toBeDenied({ by: 'policy' });
      expect(await v1.received(denied)).toBeEmpty();
    }
    // The Server selects one version's pods only.
    expect(await unmeshedCaller.send(v2, { count: 30 })).toSucceed();
  },
);
