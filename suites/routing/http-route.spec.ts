import { check, decides, expect, versionOf } from '#fixtures';

const enough = decides({ p0: 0.1, tolerance: 0.02 }, (outcome) => versionOf(outcome) === 'v2');

check(
  'An HTTPRoute on a Service splits its path prefix 90/10 and answers 404 for every other path',
  {
    control: { because: 'the weights are 80 and 20', mustFail: { toSplit: ['80 % to v1', '20 % to v2'] } },
    needs: {
      kind: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
      because: 'the route is a Gateway API object',
      link: 'https://gateway-api.sigs.k8s.io/mesh/',
    },
    docDeviations: [
      {
        documented: 'apiVersion: policy.linkerd.io/v1beta2, and a parentRef of kind Service without a group',
        observed:
          "that API is Linkerd's own; in the Gateway API, the parentRef needs group: '', because the default is the group of Gateways",
      },
      {
        documented: 'one rule for one path',
        observed: 'a Service with a route answers 404 if no rule matches; requests do not fall back to the Service',
      },
    ],
  },
  async ({ caller, server, v3 }) => {
    const history = await caller.sendUntil(enough, server, { count: 2_500, concurrency: 16, path: '/api/v1/users' });
    expect(history).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.02 });
    expect(await server.received(history)).toContainEachOnce(history);
    for (const path of ['/api/v1', '/api/v1/', '/api/v1?page=2', '/api/v1/api/v2']) {
      expect(await caller.send(server, { count: 50, path })).toSucceed();
    }

    for (const path of ['/', '/api', '/api/v10', '/api/v2/users', '/API/v1/users', '/x/api/v1']) {
      const astray = await caller.send(server, { count: 50, path });
      expect(astray).toBeRejectedWith({ status: 404 });
      expect(await server.received(astray)).toBeEmpty();
    }
    expect(await v3.ledger()).toBeEmpty();
  },
);
