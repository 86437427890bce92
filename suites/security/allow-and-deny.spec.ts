import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'A request passes if any ALLOW rule matches it and no DENY rule does',
  {
    assumes: ['plaintext', 'mutual-tls', 'own-policies', 'token-keys'],
    control: { because: 'every request is allowed, and none is denied', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
    linkerd: unsupported(
      'Linkerd has no DENY policies; it denies whatever no policy allows',
      'https://linkerd.io/2/reference/authorization-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, neighbour, unmeshedCaller, server, issuer }) => {
    const headers = bearer(await issuer.token());
    // The first rule allows requests with a token from anywhere, the second one those without from its own namespace.
    for (const [from, order] of [
      [neighbour, { path: '/api/items', headers }],
      [unmeshedCaller, { path: '/api/items', method: 'POST', headers }],
      [caller, { path: '/api/items' }],
      [caller, { path: '/other', method: 'DELETE' }],
    ] as const) {
      const allowed = await from.send(server, { ...order, count: 30, connections: 'new' });
      expect(allowed).toSucceed();
      expect(await server.received(allowed)).toContainEachOnce(allowed);
    }
    for (const [from, order] of [
      // No rule allows these.
      [neighbour, { path: '/api/items' }],
      [neighbour, { path: '/other', headers }],
      [neighbour, { path: '/api/items', method: 'DELETE', headers }],
      // The second rule allows them, but another one denies them.
      [caller, { path: '/admin/x' }],
      [caller, { path: '/admin/x', headers }],
      // An exemption from the denial does not allow a request.
      [neighbour, { path: '/admin/x', headers }],
    ] as const) {
      const denied = await from.send(server, { ...order, count: 30, connections: 'new' });
      expect(denied).toBeDenied({ by: 'policy' });
      expect(await server.received(denied)).toBeEmpty();
    }
  },
);
