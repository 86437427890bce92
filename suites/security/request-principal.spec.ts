import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'A path that requires a request principal admits any valid token and nothing without one',
  {
    assumes: ['plaintext', 'own-policies', 'token-keys'],
    control: {
      because: 'tokens are validated, but no policy requires one',
      mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' },
    },
    linkerd: unsupported(
      'Linkerd does not validate end-user tokens; it leaves them to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, unmeshedCaller, server, issuer }) => {
    for (const sub of ['alice', 'bob']) {
      const headers = bearer(await issuer.token({ claims: { sub } }));
      for (const method of ['GET', 'POST']) {
        const valid = await caller.send(server, { count: 30, method, path: '/api/items', headers });
        expect(valid).toSucceed();
        expect(await server.received(valid)).toContainEachOnce(valid);
      }
      for (const order of [
        { method: 'PUT', path: '/api/items' },
        { method: 'GET', path: '/items' },
      ]) {
        const beside = await caller.send(server, { ...order, count: 30, headers });
        expect(beside).toBeDenied({ by: 'policy' });
        expect(await server.received(beside)).toBeEmpty();
      }
    }
    for (const from of [caller, unmeshedCaller]) {
      const without = await from.send(server, { count: 30, path: '/api/items', connections: 'new' });
      expect(without).toBeDenied({ by: 'policy' });
      expect(await server.received(without)).toBeEmpty();
    }
  },
);
