import { check, expect } from '#fixtures';

check(
  'An empty authorization policy denies every caller on every port of the namespace',
  {
    assumes: ['plaintext', 'own-policies'],
    control: { because: 'there is no policy', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
  },
  async ({ caller, secondCaller, neighbour, unmeshedCaller, server, mirror }) => {
    for (const target of [server, mirror]) {
      for (const from of [caller, secondCaller, neighbour, unmeshedCaller]) {
        for (const order of [
          { method: 'GET' },
          { method: 'POST', path: '/api/items' },
          { port: 9090 },
          { port: 9000, protocol: 'tcp' },
        ] as const) {
          const history = await from.send(target, { ...order, count: 30, connections: 'new' });
          expect(history).toBeDenied({ by: 'policy' });
          expect(await target.received(history)).toBeEmpty();
        }
      }
    }
  },
);
