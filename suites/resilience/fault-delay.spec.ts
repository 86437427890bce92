import { check, expect, unsupported } from '#fixtures';

check(
  'A delay fault adds five seconds to requests with the test header and affects no others',
  {
    control: { because: 'no rule matches the header', mustFail: { toHaveLatency: { 'too soon': 2 } } },
    linkerd: unsupported('Linkerd cannot inject delays', 'https://linkerd.io/2/tasks/fault-injection/'),
  },
  async ({ caller, v1, v2 }) => {
    const send = (headers: Record<string, string>) => caller.send(v1, { count: 10, concurrency: 10, headers });
    const sendAll = () =>
      Promise.all([
        send({ 'x-test-user': 'qa' }),
        send({ 'x-test-fault': 'true' }),
        send({}),
        send({ 'x-test-user': 'qa2', 'x-test-fault': 'TRUE' }),
        send({ 'x-test-user': 'QA', 'x-test-fault': '' }),
      ]);
    // No rule applies to v2: only the machine delays its requests.
    const [[qa, fault, ...others], beside] = await caller.beside(v2, {}, sendAll);
    for (const delayed of [qa, fault]) {
      expect(delayed).toHaveLatency({ atLeastMs: 5_000, atMostMs: 5_400, beside });
      expect(delayed).toSucceed();
    }
    for (const other of others) {
      expect(other).toHaveLatency({ atMostMs: 400, lessThanMs: 5_000, beside });
      expect(other).toSucceed();
    }
  },
);
