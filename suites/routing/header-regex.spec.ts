import { check, expect } from '#fixtures';

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

check(
  'A header regex matches its word anywhere, is case-sensitive and routes to another service',
  { control: { because: 'the expression is anchored at the start', mustFail: { toContainEachOnce: { 'never delivered': 2 } } } },
  // The rig's mirror pod is the backend for mobile clients here.
  async ({ caller, server, mirror: mobileBackend }) => {
    for (const agent of [PHONE, 'Mobile', 'xMobilex', 'Mobile Mobile']) {
      const mobile = await caller.send(server, { count: 50, headers: { 'user-agent': agent } });
      expect(mobile).toSucceed();
      expect(await mobileBackend.received(mobile)).toContainEachOnce(mobile);
    }
    for (const agent of [DESKTOP, PHONE.replace('Mobile', 'mobile'), 'MOBILE', 'Mobil e', undefined]) {
      const other = await caller.send(server, { count: 50, ...(agent === undefined ? {} : { headers: { 'user-agent': agent } }) });
      expect(other).toReachOnly('v1');
      expect(await server.received(other)).toContainEachOnce(other);
    }
  },
);
