import { check, expect, unsupported } from '#fixtures';

// istio/istio#34825, istio/istio#57317
check(
  'Only the status codes in retryOn are retried, and one that HTTP does not define is rejected',
  {
    control: {
      because: 'no status is listed',
      mustFail: { toHaveAttempts: { 'delivered once': 3 }, toSucceed: 'answered 429 by the application' },
    },
    linkerd: unsupported(
      'Linkerd lists the status codes in an annotation instead; see retry-annotation',
      'https://linkerd.io/2/reference/retries/',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v2 }, policy) => {
    const bad = v2.version('v2');
    for (const [statuses, attempts] of [
      [[418, 429], 3],
      [[404, 409, 500], 1],
    ] as const) {
      for (const status of statuses) {
        await bad.faults({ status });
        const failing = await caller.send(v2, { count: 20, concurrency: 4 });
        expect(failing).toHaveStatus(status);
        expect(await v2.received(failing)).toHaveAttempts(failing, attempts);
      }
    }
    await bad.faults({ status: 429, times: 2 });
    const cleared = await caller.send(v2, { count: 1 });
    expect(cleared).toSucceed();
    expect(await v2.received(cleared)).toHaveAttempts(cleared, 3);

    expect(await policy.refusal()).toFailValidation(/499/);
  },
);
