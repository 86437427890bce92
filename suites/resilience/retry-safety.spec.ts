import { check, expect } from '#fixtures';

check(
  'The default retry policy never delivers a POST twice',
  {
    assumes: ['default-retries'],
    control: {
      because: 'the policy retries on 5xx',
      mustFail: { toContainEachOnce: 'delivered again', toDeliverAtMostOnce: 'delivered again' },
    },
  },
  async ({ caller, server }) => {
    for (const fault of [{ status: 500 }, { status: 503 }, { status: 504 }, { act: 'reset' }, { act: 'close' }] as const) {
      for (const endpoint of server.endpoints) await endpoint.faults(fault);
      const posts = await caller.send(server, { count: 50, concurrency: 4, method: 'POST', body: 'pay once' });
      const delivered = await server.received(posts);
      if ('status' in fault) {
        expect(posts).toHaveStatus(fault.status);
        expect(delivered).toContainEachOnce(posts);
      } else {
        // What a caller is told of a lost connection is each mesh's own, as is what becomes of a request that waits for one.
        expect(posts).toBeAnswered();
        expect(delivered).toDeliverAtMostOnce(posts);
        // Were few delivered, this would say little; a policy that retries twice delivers them three times.
        expect(delivered).toHaveDeliveries({ atLeast: 25, atMost: 150 });
      }
    }
  },
);
