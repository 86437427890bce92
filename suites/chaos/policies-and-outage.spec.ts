import { check, expect } from '#fixtures';

check(
  'While the control plane is down, plaintext and a denied path stay denied, and all else succeeds',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the selectors match nothing', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: "connections are refused in the control plane's network on its node", link: '' },
    timeoutMs: 240_000,
    faults: ['control-plane'],
  },
  async ({ caller, unmeshedCaller, server, controlPlane }) => {
    await controlPlane.without(async () => {
      for (const connections of ['kept', 'new'] as const) {
        const plain = await unmeshedCaller.send(server, { count: 60, concurrency: 4, connections });
        const admin = await caller.send(server, { count: 60, concurrency: 4, connections, path: '/admin/x' });
        expect(plain).toBeDenied({ by: 'transport' });
        expect(admin).toBeDenied({ by: 'policy' });
        for (const denied of [plain, admin]) expect(await server.received(denied)).toBeEmpty();
        expect(await caller.send(server, { count: 60, concurrency: 4, connections })).toSucceed();
      }
    });
  },
);
