import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'The server sees the validated token where it is forwarded, and nothing of it where it is not',
  {
    control: { because: 'the two flags are exchanged', mustFail: { toCarryHeader: 'no such header', toCarryNowhere: 'in a header' } },
    linkerd: unsupported(
      'requests carry no end-user identity: tokens are left to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, v1, v2, issuer }) => {
    const token = await issuer.token();
    const forwarded = await caller.send(v1, { count: 50, headers: bearer(token) });
    expect(forwarded).toSucceed();
    expect(await v1.received(forwarded)).toEqualIds(forwarded);
    expect(await v1.received(forwarded)).toCarryHeader('authorization', `Bearer ${token}`);

    const kept = await caller.send(v2, { count: 50, headers: bearer(token) });
    expect(kept).toSucceed();
    expect(await v2.received(kept)).toEqualIds(kept);
    for (const part of token.split('.')) expect(await v2.received(kept)).toCarryNowhere(part);
  },
);
