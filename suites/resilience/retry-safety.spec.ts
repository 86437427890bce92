import { check, expect } from '#fixtures';

check(
  'The default retry policy never delivers a POST twice',
  {
    assumes: ['default-retries'],
    control: { because: 'the policy retries on 5xx', mustFail: { toContainEachOnce: 'delivered again' } },
  },
  async ({ caller, server }) => {
    for (const fault of [{ status: 500 }, { status: 503 }, { status: 504 }, { act: 'reset' }, { act: 'close' }] as const) {
      for (const endpoint of server.endpoints) await endpoint.faults(fault);
      const posts = await caller.send(server, { count: 50, concurrency: 4, method: 'POST', body: 'pay once' });
      // What a caller is told of a lost connection is each mesh's own.
      if ('status' in fault) expect(posts).toHaveStatus(fault.status);
      else expect(posts).toBeAnswered();
      expect(await server.received(posts)).toContainEachOnce(posts);
    }
  },
);
