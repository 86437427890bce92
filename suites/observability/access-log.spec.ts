import { check, expect, unsupported } from '#fixtures';

check(
  'With a Telemetry resource, each proxy logs every request once, with correct fields',
  {
    assumes: ['log-fields', 'quiet-logs', 'default-retries'],
    control: { because: 'the log provider is disabled', mustFail: { toLogEachOnce: 'no line' } },
    linkerd: unsupported(
      'Linkerd enables access logs by annotation instead; see access-log-annotation',
      'https://linkerd.io/2/features/access-logging/',
    ),
    docDeviations: [
      {
        documented: 'accessLogFile: /dev/stdout at installation enables access logs',
        observed: 'it is not needed: a Telemetry resource with the provider envoy enables them for a single namespace',
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, neighbour, server, v1 }) => {
    await server.version('v2').faults({ status: 500 });
    const headers = { 'user-agent': 'probe/{id}' };
    const mixed = await caller.send(server, { count: 60, method: 'POST', path: '/orders?page=2', body: 'five!', headers });
    const single = await caller.send(v1, { count: 30, path: '/items/7', headers });

    expect(await caller.proxy.accessLog(mixed)).toLogEachOnce(mixed, await server.received(mixed));
    for (const { proxy } of v1.endpoints) {
      expect(await proxy.accessLog(single)).toLogEachOnce(single, await v1.received(single));
    }
    const beyond = await neighbour.send(v1, { count: 20, headers });
    expect(beyond).toSucceed();
    expect(await v1.received(beyond)).toContainEachOnce(beyond);
    expect(await neighbour.proxy.accessLog(beyond)).toLogNothing();
  },
);
