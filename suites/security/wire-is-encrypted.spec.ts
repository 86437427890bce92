import { check, expect } from '#fixtures';

check(
  "Traffic between meshed pods is unreadable on the node's network",
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: {
      because: 'mTLS is off, or the server has no proxy',
      mustFail: { toBeEncrypted: 'seen on the wire' },
      swap: { server: 'unmeshedServer' },
    },
    needs: {
      nodes: 'kind',
      because: 'capturing packets needs access to the nodes',
      link: 'https://kubernetes.io/docs/concepts/architecture/nodes/',
    },
  },
  async ({ caller, server, unmeshedCaller, neighbourServer, wire }) => {
    const [secret, open] = [wire.marker(), wire.marker()];
    const sightings = await wire.listen([secret, open], async () => {
      for (const order of [{ method: 'POST' }, { port: 9000, protocol: 'tcp' }] as const) {
        const meshed = await caller.send(server, { ...order, count: 50, body: secret });
        expect(meshed).toSucceed();
        expect(await server.received(meshed)).toContainEachOnce(meshed);
        expect(await unmeshedCaller.send(neighbourServer, { ...order, count: 50, body: open })).toSucceed();
      }
    });
    expect(sightings).toBeEncrypted(secret, { besides: open, requests: 100 });
  },
);
