import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'Only a token with the required group may read; other groups and methods are denied',
  {
    assumes: ['own-policies', 'token-keys'],
    control: { because: 'the claim is not checked', mustFail: { toBeDenied: { 'answered 200': 8 }, toBeEmpty: { delivered: 8 } } },
    linkerd: unsupported(
      'Linkerd does not validate end-user tokens; it leaves them to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, server, issuer }) => {
    const as = async (group: unknown) => bearer(await issuer.token({ claims: { group } }));
    for (const group of ['viewers', ['editors', 'viewers']]) {
      const viewer = await caller.send(server, { count: 30, headers: await as(group) });
      expect(viewer).toSucceed();
      expect(await server.received(viewer)).toContainEachOnce(viewer);
    }
    const denied = [
      { method: 'POST', headers: await as('viewers') },
      ...(await Promise.all(['editors', 'Viewers', 'viewers2', '', ['editors'], { viewers: true }, undefined].map(as))).map((headers) => ({
        headers,
      })),
      {},
    ];
    for (const order of denied) {
      const history = await caller.send(server, { ...order, count: 30 });
      expect(history).toBeDenied({ by: 'policy' });
      expect(await server.received(history)).toBeEmpty();
    }
  },
);
