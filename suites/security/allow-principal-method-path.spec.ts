import { check, expect } from '#fixtures';

check(
  'One principal may use two methods on one path prefix; everything else is denied',
  {
    assumes: ['plaintext', 'mutual-tls', 'own-policies'],
    control: {
      because: 'the policy names another principal',
      mustFail: {
        toSucceed: ['answered 403 RBAC', 'answered 403 without a mark'],
        toContainEachOnce: 'never delivered',
        toBeDenied: { 'answered 200': 1 },
        toBeEmpty: { delivered: 1 },
      },
    },
  },
  async ({ caller, secondCaller, neighbour, unmeshedCaller, server }) => {
    for (const method of ['GET', 'POST']) {
      const allowed = await caller.send(server, { count: 30, method, path: '/api/items' });
      expect(allowed).toSucceed();
      expect(await server.received(allowed)).toContainEachOnce(allowed);
    }
    const denied = [
      ...[secondCaller, neighbour, unmeshedCaller].map((from) => ({ from, method: 'GET', path: '/api/items' })),
      ...['PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => ({ from: caller, method, path: '/api/items' })),
      ...['/', '/api', '/apis/items', '/API/items', '/v1/api/items'].map((path) => ({ from: caller, method: 'GET', path })),
    ];
    for (const { from, ...order } of denied) {
      const history = await from.send(server, { ...order, count: 30, connections: 'new' });
      expect(history).toBeDenied({ by: 'policy' });
      expect(await server.received(history)).toBeEmpty();
    }
  },
);
