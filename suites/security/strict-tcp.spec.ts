import { check, expect } from '#fixtures';

check(
  'A STRICT workload rejects plaintext on a raw TCP port and still serves TCP from the mesh',
  { control: { because: 'the mode is PERMISSIVE', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } } },
  async ({ unmeshedCaller, caller, server }) => {
    for (const connections of ['new', 'kept'] as const) {
      const plain = await unmeshedCaller.send(server, { count: 50, port: 9000, protocol: 'tcp', connections });
      expect(plain).toBeDenied({ by: 'transport' });
      expect(await server.received(plain)).toBeEmpty();
    }
    const meshed = await caller.send(server, { count: 50, port: 9000, protocol: 'tcp' });
    expect(meshed).toSucceed();
    expect(await server.received(meshed)).toContainEachOnce(meshed);
  },
);
