import { check, expect, pathDisguises, unsupported } from '#fixtures';

check(
  'A path DENY rule cannot be bypassed by path encodings and spares only the exempt namespace',
  {
    assumes: ['plaintext', 'mutual-tls', 'paths-as-sent'],
    control: { because: 'there is no policy', mustFail: { toHaveNoPathUnder: 'delivered', toBeDenied: 'answered 200' } },
    docDeviations: [
      {
        documented: 'a DENY rule for paths ["/admin/*"] protects the admin endpoints',
        observed:
          'it compares the path after RFC 3986 normalisation only: //admin/x, /admin%2Fx, /%2561dmin/x, /ADMIN/x, /admin;/x and /admin itself are delivered as they are (meshConfig.pathNormalization can be stricter)',
      },
      {
        documented: 'the policy denies admin endpoints',
        observed: 'it also closes every connection to the TCP ports of the workload, where there is no path to compare',
      },
    ],
    linkerd: unsupported(
      'Linkerd has no DENY policies; it denies whatever no policy allows',
      'https://linkerd.io/2/reference/authorization-policy/',
    ),
  },
  async ({ caller, unmeshedCaller, neighbour, server }) => {
    const disguises = pathDisguises('admin', 'x');
    for (const [from, protocol] of [
      [unmeshedCaller, 'http1'],
      [unmeshedCaller, 'h2c'],
      [caller, 'http1'],
    ] as const) {
      const tried = await from.sendEach(
        server,
        disguises.map((path) => ({ path, protocol })),
      );
      // Any status is acceptable: only deliveries matter.
      for (const one of tried) expect(one).toBeAnswered();
      expect(await server.ledger()).toHaveNoPathUnder('/admin/');
      expect(await from.send(server, { count: 30, protocol, path: '/admin/x', connections: 'new' })).toBeDenied({ by: 'policy' });
      expect(await from.send(server, { count: 30, protocol, path: '/public', connections: 'new' })).toSucceed();
      expect(await from.send(server, { count: 30, port: 9000, protocol: 'tcp', connections: 'new' })).toBeDenied({ by: 'policy' });
    }
    expect(await server.ledger()).toHaveNoPathUnder('/admin/');

    // As documented by the guide: a path that differs after normalisation is delivered unchanged.
    for (const path of ['//admin/x', '/admin%2Fx', '/%2561dmin/x', '/ADMIN/x', '/admin;/x', '/admin']) {
      const other = await unmeshedCaller.send(server, { count: 30, path });
      expect(other).toSucceed();
      expect(await server.received(other)).toArriveWith({ path });
    }

    const exempt = await neighbour.send(server, { count: 30, path: '/admin/x' });
    expect(exempt).toSucceed();
    expect(await server.received(exempt)).toContainEachOnce(exempt);
  },
);
