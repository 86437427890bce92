import { check, expect, unsupported } from '#fixtures';

check(
  'Each attempt has its own timeout, and the overall timeout ends whichever attempt is running',
  {
    control: { because: 'there is no per-try timeout', mustFail: { toHaveAttempts: 'delivered once', toHaveLatency: 'too soon' } },
    linkerd: unsupported('in Linkerd, the last attempt has no timeout of its own', 'https://linkerd.io/2/reference/retries/'),
    faults: ['endpoint'],
  },
  async ({ caller, v3 }) => {
    await v3.version('v3').faults({ match: { pathPrefix: '/hang' }, act: 'hang' }, { match: { pathPrefix: '/overall' }, act: 'hang' });
    const send = (path: string) => caller.send(v3, { count: 10, concurrency: 10, path });
    const [[overall, tries], beside] = await caller.beside(v3, {}, () => Promise.all([send('/overall'), send('/hang')]));
    // The first try ends at 1.2 s, the second is cut off at 1.8 s; two more would have been allowed.
    expect(await v3.received(overall)).toHaveAttempts(overall, 2);
    expect(overall).toTimeOut();
    expect(overall).toHaveLatency({ atLeastMs: 1_800, atMostMs: 2_100, beside });
    // Two tries of 1 s end before 4 s. Envoy waits up to 25 ms between them.
    expect(await v3.received(tries)).toHaveAttempts(tries, 2);
    expect(tries).toTimeOut();
    expect(tries).toHaveLatency({ atLeastMs: 2_000, atMostMs: 2_350, beside });
  },
);
