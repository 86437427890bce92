import { check, target, expect } from '#fixtures';

check(
  'Opting a namespace in injects new pods at once and existing pods after a restart',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the namespace has no label', mustFail: { toHaveIdentity: { 'no identity': 1 } } },
    needs: {
      namespaces: 'own',
      because: 'it creates namespaces',
      link: 'https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/',
    },
  },
  async ({ workload, identity, namespace, server }, policy) => {
    const arrivals = async (app: string, from: string) => {
      const pod = await workload(app, from);
      const sent = await pod.send(target(`open-server.${namespace}`, 8080), { count: 20 });
      expect(sent).toSucceed();
      return server.received(sent);
    };
    const [optIn, later] = [`${namespace}-opt-in`, `${namespace}-later`];
    expect(await arrivals('newcomer', optIn)).toHaveIdentity(identity('default', optIn));

    expect(await arrivals('early', later)).toHaveIdentity('');
    await policy.change();
    expect(await arrivals('early', later)).toHaveIdentity('');
    await policy.restart('early');
    expect(await arrivals('early', later)).toHaveIdentity(identity('default', later));
  },
);
