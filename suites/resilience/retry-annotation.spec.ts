import { check, expect, unsupported } from '#fixtures';

check(
  'A route annotation retries a failed request up to three times, on the listed statuses only',
  {
    control: {
      because: 'no status is listed',
      mustFail: { toHaveAttempts: { 'delivered once': 5 }, toSucceed: 'answered 500 by the application' },
    },
    istio: unsupported(
      'Istio sets retries in fields of the route instead; see retries',
      'https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v2 }) => {
    const bad = v2.version('v2');
    for (const [status, attempts] of [
      [500, 4],
      [503, 4],
      [404, 1],
      [409, 1],
      [429, 1],
    ] as const) {
      await bad.faults({ status });
      const tried = await caller.send(v2, { count: 20, concurrency: 4 });
      expect(tried).toHaveStatus(status);
      expect(await v2.received(tried)).toHaveAttempts(tried, attempts);
    }
    for (const failures of [1, 2, 3]) {
      await bad.faults({ status: 500, times: failures });
      const cleared = await caller.send(v2, { count: 1 });
      expect(cleared).toSucceed();
      expect(await v2.received(cleared)).toHaveAttempts(cleared, failures + 1);
    }
  },
);
