import { check, expect } from '#fixtures';

check(
  'A weighted canary gives v2 a tenth of the requests, v1 the rest and nobody else any',
  { control: { because: 'the weights are 80 and 20', breaks: { toSplit: ['80 % to v1', '20 % to v2'] } } },
  async ({ caller, server }) => {
    const history = await caller.send(server, { count: 3_000, concurrency: 16 });
    expect(history).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.05 });
    expect(await server.received(history)).toEqualIds(history);
  },
);
