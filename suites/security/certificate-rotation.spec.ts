import { check, expect } from '#fixtures';

const LIFETIME_S = 20;

check(
  'A workload gets a new certificate long before the old one expires, and no request fails',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the certificate is valid for a day', mustFail: { toBeRenewed: 'the same certificate' } },
    variables: async () => ({ LIFETIME: `${LIFETIME_S}s` }),
  },
  async ({ workload, server, identity }) => {
    const client = await workload('short-lived');
    const first = await client.proxy.certificate();
    let next = first;
    const renewal = async () => {
      next = await client.proxy.nextCertificate(first, { withinMs: LIFETIME_S * 1_000 });
    };
    const meanwhile = await client.keepSending(server, { rate: 40 }, renewal);
    expect(next).toBeRenewed({ before: first });
    for (const { proxy } of server.endpoints) {
      expect(next).toIdentify({ as: identity('default'), to: await proxy.certificate(), lifetimeHours: LIFETIME_S / 3_600 });
    }
    expect(meanwhile).toSucceed();
    expect(await server.received(meanwhile)).toHaveIdentity(identity('default'));
  },
);
