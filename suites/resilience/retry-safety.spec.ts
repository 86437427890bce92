import { check, expect } from '#fixtures';

check(
  'The default retry policy never delivers a POST twice',
  {
    assumes: ['default-retries'],
    control: {
      because: 'the policy retries on 5xx',
      mustFail: { toContainEachOnce: 'delivered again', toDeliverAtMostOnce: 'delivered again' },
    },
    faults: ['endpoint'],
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
        // How a lost connection is reported to the caller depends on the mesh, and so does what happens to a request that waits for one.
        expect(posts).toBeAnswered();
        expect(delivered).toDeliverAtMostOnce(posts);
        // With few deliveries this would prove little; a policy that retries twice delivers each request three times.
        expect(delivered).toHaveDeliveries({ atLeast: 25, atMost: 150 });
      }
    }
  },
);
