import { check, expect, unsupported } from '#fixtures';

check(
  'A failed request is retried up to three times, on the listed conditions only',
  {
    control: {
      because: 'retries are off',
      mustFail: {
        toHaveAttempts: { 'delivered once': 7, 'never delivered': 1 },
        toSucceed: ['answered 500 by the application', 'answered 503 UF'],
      },
    },
    linkerd: unsupported(
      'Linkerd retries on status codes only, and has no condition for lost connections; see retry-annotation',
      'https://linkerd.io/2/reference/retries/',
    ),
    docDeviations: [
      { documented: 'retries: attempts: 3', observed: 'three retries follow the first attempt: up to four deliveries of one request' },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, v2, unmeshedServer }) => {
    const bad = v2.version('v2');
    for (const fault of [{ status: 500 }, { status: 503 }, { act: 'reset' }, { act: 'close' }] as const) {
      await bad.faults(fault);
      const listed = await caller.send(v2, { count: 20, concurrency: 4 });
      expect(await v2.received(listed)).toHaveAttempts(listed, 4);
      expect(listed).toHaveStatus('status' in fault ? fault.status : 503);
    }
    for (const status of [404, 409, 429]) {
      await bad.faults({ status });
      const unlisted = await caller.send(v2, { count: 20, concurrency: 4 });
      expect(unlisted).toHaveStatus(status);
      expect(await v2.received(unlisted)).toHaveAttempts(unlisted, 1);
    }
    for (const failures of [1, 2, 3]) {
      await bad.faults({ status: 500, times: failures });
      const cleared = await caller.send(v2, { count: 1 });
      expect(cleared).toSucceed();
      expect(await v2.received(cleared)).toHaveAttempts(cleared, failures + 1);
    }
    // If a connection fails, the next attempt uses the existing endpoint.
    const refused = await caller.send(unmeshedServer, { count: 40, concurrency: 4, headers: { host: 'half-there.example.internal' } });
    expect(refused).toSucceed();
    expect(await unmeshedServer.received(refused)).toHaveAttempts(refused, 1);
  },
);
