import { check, expect, unsupported } from '#fixtures';

const USERS = Array.from({ length: 800 }, (_, user) => ({ 'x-user-id': `user-${user}` }));
/** Each request comes from another user. */
const EVERYBODY = { 'x-user-id': '{id}' };

check(
  'Consistent hashing keeps each user on one pod and moves few users when a pod is lost',
  {
    control: { because: 'the host uses random load balancing', mustFail: { toHaveAffinity: 'several pods', toRemapFrom: '50 % remapped' } },
    linkerd: unsupported('Linkerd always balances by latency', 'https://linkerd.io/2/features/load-balancing/'),
    faults: ['endpoint'],
  },
  async ({ caller, server }) => {
    const regulars = USERS.slice(0, 24).map((headers) => ({ count: 5, connections: 'new' as const, headers }));
    expect(await caller.sendEach(server, regulars)).toHaveAffinity();
    const crowd = await caller.send(server, { count: 1_000, concurrency: 16, headers: EVERYBODY });
    expect(crowd).toSplit({ v1: 1, v2: 1, v3: 1 }, { tolerance: 0.15 });

    // 3 pods have 342 points each on the ring, 2 pods have 512, because the ring has at least 1,024. The new points take an eighth from the
    // other pod.
    const once = USERS.map((headers) => ({ headers }));
    const before = await caller.sendEach(server, once);
    await server.without('v3', { prober: caller, burst: { count: 60, concurrency: 8, headers: EVERYBODY } }, async () => {
      const after = await caller.sendEach(server, once);
      expect(after).toRemapFrom({ before, removed: server.version('v3').pod, others: { p0: 1 / 8, tolerance: 0.15 } });
    });
  },
);
