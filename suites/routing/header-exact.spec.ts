import { check, expect } from '#fixtures';

check(
  'An exact header match routes only its value; every other value takes the default route',
  { control: { because: 'the rule matches by prefix', mustFail: { toReachOnly: { 'answered by v2': 3 } } } },
  async ({ caller, server }) => {
    // White space around a value is not part of it (RFC 9110, section 5.5), and header names are case-insensitive.
    for (const headers of [{ 'api-version': 'v2' }, { 'API-Version': 'v2' }, { 'api-version': ' v2 ' }]) {
      expect(await caller.send(server, { count: 50, headers })).toReachOnly('v2');
    }
    for (const value of ['V2', 'v22', 'v2.0', 'xv2', 'v 2', 'v2,v2', '"v2"', 'v1', '']) {
      expect(await caller.send(server, { count: 50, headers: { 'api-version': value } })).toReachOnly('v1');
    }
    expect(await caller.send(server, { count: 50 })).toReachOnly('v1');
    expect(await caller.send(server, { count: 50, headers: { 'api-versions': 'v2' } })).toReachOnly('v1');
  },
);
