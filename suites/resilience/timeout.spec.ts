import { check, expect } from '#fixtures';

check(
  'A request slower than the timeout ends with 504 at the limit; a faster one is answered',
  {
    assumes: ['default-retries'],
    control: { because: 'there is no timeout', mustFail: { toTimeOut: 'answered 200', toHaveLatency: 'too late' } },
    faults: ['endpoint'],
  },
  async ({ caller, v1 }) => {
    await v1.version('v1').faults({ match: { pathPrefix: '/slow' }, delayMs: 3_000 }, { match: { pathPrefix: '/quick' }, delayMs: 1_000 });
    const sendBoth = () =>
      Promise.all([
        caller.send(v1, { count: 10, concurrency: 10, path: '/slow' }),
        caller.send(v1, { count: 10, concurrency: 10, path: '/quick' }),
      ]);
    const [[slow, quick], beside] = await caller.beside(v1, {}, sendBoth);
    expect(slow).toTimeOut();
    expect(slow).toHaveLatency({ atLeastMs: 2_000, atMostMs: 2_250, beside });
    expect(quick).toSucceed();
    // The default policy does not retry a request that has timed out.
    expect(await v1.received(slow)).toContainEachOnce(slow);
  },
);
