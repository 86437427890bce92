import { check, expect, target, unsupported } from '#fixtures';

const FIELDS = ['method', 'path', 'status', 'userAgent', 'authority'] as const;

check(
  "The access log annotation makes a pod's proxy log every request once, with correct fields",
  {
    control: { because: 'the annotation is gone', mustFail: { toLogEachOnce: 'no line' } },
    istio: unsupported(
      'Istio enables access logs with a Telemetry resource instead; see access-log',
      'https://istio.io/latest/docs/tasks/observability/logs/telemetry-api/',
    ),
  },
  async ({ caller, unmeshedCaller, workload, namespace }) => {
    const logged = await workload('logged');
    const service = target(`logged.${namespace}`, 8080);
    const order = { count: 40, method: 'POST', path: '/orders?page=2', body: 'five!', headers: { 'user-agent': 'probe/{id}' } } as const;
    for (const from of [caller, unmeshedCaller]) {
      // The log line of the first request on a connection may come minutes late.
      expect(await from.send(service, { count: 5 })).toSucceed();
      const sent = await from.send(service, order);
      expect(sent).toSucceed();
      const lines = await logged.proxy.accessLog(sent, ({ userAgent = '' }) => userAgent.replace('probe/', ''));
      expect(lines).toLogEachOnce(sent, await logged.received(sent), FIELDS);
    }
  },
);
