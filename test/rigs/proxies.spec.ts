import { expect, test } from '@playwright/test';

import type { Pod } from '../../clusters/kubernetes/pods.ts';
import { requireProxies } from '../../clusters/rigs/proxies.ts';
import { ACTOR_LABEL } from '../../clusters/rigs/rig.ts';

const MESH = { name: 'somemesh', proxyContainer: 'proxy' };

function sample(actor: string, containers: string[], initContainers: string[] = []): Pod {
  const named = (names: string[]) => names.map((name) => ({ name }));
  const metadata = {
    name: `${actor}-0`,
    namespace: 'rig',
    labels: { [ACTOR_LABEL]: actor },
    uid: '',
    resourceVersion: '',
    creationTimestamp: '',
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: named(containers), initContainers: named(initContainers) } };
}

test('Accepts samples with either kind of proxy, and the unmeshed sample without one', () => {
  requireProxies([sample('caller', ['app', 'proxy']), sample('server-v1', ['app'], ['proxy']), sample('unmeshed', ['app'])], MESH);
});

test('Rejects a meshed sample without a proxy, and an unmeshed one with a proxy', () => {
  const lacking = () => requireProxies([sample('caller', ['app']), sample('other', ['app']), sample('unmeshed', ['app'])], MESH);
  expect(lacking).toThrow(
    expect.objectContaining({
      code: 'PROXY_MISSING',
      message: expect.stringMatching(/caller-0 in rig \(and 1 more\) has no proxy of somemesh/),
    }),
  );
  expect(() => requireProxies([sample('unmeshed', ['app', 'proxy'])], MESH)).toThrow(/must not have/);
});
