import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'Key rotation accepts published keys, rejects withdrawn ones and fails no valid token',
  {
    assumes: ['token-keys', 'fresh-keys'],
    control: {
      because: 'the published keys never change',
      mustFail: { toSucceed: { 'answered 401 JWT': 2 }, toBeRejectedWith: { 'answered 200': 1 }, toBeEmpty: 'delivered' },
    },
    linkerd: unsupported(
      'Linkerd does not validate end-user tokens; it leaves them to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, server, issuer }) => {
    const first = issuer.firstKey;
    const second = await issuer.newKey();
    const old = { headers: bearer(await issuer.token({ key: first })), count: 50 };
    const fresh = { headers: bearer(await issuer.token({ key: second })), count: 50 };

    await issuer.publish(first);
    expect(await caller.send(server, old)).toSucceed();
    expect(await caller.send(server, fresh)).toBeRejectedWith({ status: 401, flag: 'JWT' });

    const whileAdding = await caller.sendDuring(() => issuer.publish(first, second), server, old);
    expect(whileAdding).toSucceed({ duringChange: true });
    expect(await caller.send(server, fresh)).toSucceed();

    const whileRemoving = await caller.sendDuring(() => issuer.publish(second), server, fresh);
    expect(whileRemoving).toSucceed({ duringChange: true });
    const withdrawn = await caller.send(server, old);
    expect(withdrawn).toBeRejectedWith({ status: 401, flag: 'JWT' });
    expect(await server.received(withdrawn)).toBeEmpty();
  },
);
