import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'The server sees the validated token only where the mesh is told to forward it',
  {
    assumes: ['token-keys'],
    control: {
      because: 'the two flags are swapped',
      mustFail: { toHaveHeader: 'header missing', toHaveNoHeaderContaining: 'in a header' },
    },
    linkerd: unsupported(
      'Linkerd does not validate end-user tokens; it leaves them to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, v1, v2, issuer }) => {
    const token = await issuer.token();
    const forwarded = await caller.send(v1, { count: 50, headers: bearer(token) });
    expect(forwarded).toSucceed();
    expect(await v1.received(forwarded)).toContainEachOnce(forwarded);
    expect(await v1.received(forwarded)).toHaveHeader('authorization', `Bearer ${token}`);

    const kept = await caller.send(v2, { count: 50, headers: bearer(token) });
    expect(kept).toSucceed();
    expect(await v2.received(kept)).toContainEachOnce(kept);
    for (const part of token.split('.')) expect(await v2.received(kept)).toHaveNoHeaderContaining(part);
  },
);
