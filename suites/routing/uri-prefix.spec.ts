import { check, expect } from '#fixtures';

/** The path as it is sent, and the version whose route matches it. */
const ROUTES = {
  v1: ['/v1/', '/v1/users', '/v1/users?page=/v2/', '/v1//', '/v1/v2/'],
  v2: ['/v2/', '/v2/users/7', '/v2/v1/'],
  v3: ['/', '/v1', '/v10/', '/v1?x=/v1/', '/V1/users', '/api/v1/', '//v1/', '/v1%2Fusers', '/v3/'],
};

check(
  'URI prefixes /v1/ and /v2/ match only with the trailing slash; other paths take the default route',
  {
    assumes: ['paths-as-sent'],
    control: { because: 'the two prefixes are swapped', mustFail: { toReachOnly: { 'answered by v2': 5, 'answered by v1': 3 } } },
  },
  async ({ caller, server }) => {
    for (const [version, paths] of Object.entries(ROUTES)) {
      for (const path of paths) {
        const history = await caller.send(server, { count: 50, path });
        expect(history).toReachOnly(version);
        expect(await server.received(history)).toArriveWith({ path });
      }
    }
  },
);
