import { check, expect } from '#fixtures';

check(
  'Only callers in the allowed namespace are served, whoever they are; all others are denied',
  {
    assumes: ['plaintext', 'mutual-tls', 'own-policies'],
    control: {
      because: 'another namespace is allowed',
      mustFail: {
        toSucceed: ['answered 403 RBAC', 'answered 403 without a mark'],
        toContainEachOnce: 'never delivered',
        toBeDenied: { 'answered 200': 1 },
        toBeEmpty: { delivered: 1 },
      },
    },
  },
  async ({ caller, secondCaller, neighbour, unmeshedCaller, server }) => {
    for (const from of [caller, secondCaller]) {
      const allowed = await from.send(server, { count: 50, connections: 'new' });
      expect(allowed).toSucceed();
      expect(await server.received(allowed)).toContainEachOnce(allowed);
    }
    for (const from of [neighbour, unmeshedCaller]) {
      const denied = await from.send(server, { count: 50, connections: 'new' });
      expect(denied).toBeDenied({ by: 'policy' });
      expect(await server.received(denied)).toBeEmpty();
    }
  },
);
