import { check, expect, target, unsupported } from '#fixtures';

check(
  'A ServiceProfile retries GET and not POST, and gives each of its routes its own timeout',
  {
    control: {
      because: 'no route is retryable, and none has a timeout',
      mustFail: {
        toHaveAttempts: { 'delivered once': 1 },
        toHaveStatus: { 'answered 503 by the application': 1 },
        toTimeOut: { 'answered 200': 1 },
      },
    },
    istio: unsupported(
      'ServiceProfile is a kind of Linkerd; see retries and timeout',
      'https://istio.io/latest/docs/reference/config/networking/virtual-service/',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v1, v2, namespace }) => {
    const profiled = target(`profiled.${namespace}`, 8080);
    const bad = v1.version('v1');
    for (const [method, path, attempts] of [
      ['GET', '/api/users/1', 2],
      ['POST', '/api/users/1', 1],
      ['GET', '/api/orders', 1],
    ] as const) {
      await bad.faults({ status: 503, times: 1 });
      const tried = await caller.send(profiled, { count: 1, method, path });
      expect(await v1.received(tried)).toHaveAttempts(tried, attempts);
      expect(tried).toHaveStatus(attempts === 2 ? 200 : 503);
    }
    await bad.faults({ delayMs: 1_200 });
    const send = (method: string, path: string) => caller.send(profiled, { count: 10, concurrency: 10, method, path });
    const sendAll = () => Promise.all([send('GET', '/api/users/1'), send('POST', '/api/users/1'), send('GET', '/api/orders')]);
    const [[slow, inTime, unlisted], beside] = await caller.beside(v2, {}, sendAll);
    expect(slow).toTimeOut();
    expect(slow).toHaveLatency({ atLeastMs: 600, atMostMs: 850, beside });
    expect(inTime).toSucceed();
    expect(unlisted).toSucceed();
  },
);
