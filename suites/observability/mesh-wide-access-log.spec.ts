import { check, expect, unsupported } from '#fixtures';

check(
  'A mesh-wide Telemetry resource makes every proxy log, except where a namespace disables it',
  {
    assumes: ['log-fields', 'default-retries'],
    exclusive: 'mesh-wide',
    control: {
      because: 'the two resources are swapped',
      mustFail: { toLogEachOnce: 'no line', toLogNothing: 'logged' },
    },
    linkerd: unsupported(
      'Linkerd enables access logs by annotations of namespaces and pods, and has no mesh-wide setting',
      'https://linkerd.io/2/features/access-logging/',
    ),
  },
  async ({ caller, neighbour, server, v1 }) => {
    const headers = { 'user-agent': 'probe/{id}' };
    const sent = await caller.send(server, { count: 60, method: 'POST', path: '/orders?page=2', body: 'five!', headers });
    expect(await caller.proxy.accessLog(sent)).toLogEachOnce(sent, await server.received(sent));

    const beyond = await neighbour.send(v1, { count: 20, headers });
    expect(beyond).toSucceed();
    for (const { proxy } of v1.endpoints) expect(await proxy.accessLog(beyond)).toLogEachOnce(beyond, await v1.received(beyond));
    expect(await neighbour.proxy.accessLog(beyond)).toLogNothing();
  },
);
