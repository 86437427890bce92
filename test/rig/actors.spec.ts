import { expect, test } from '@playwright/test';

import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { PodRef } from '../../clusters/kubernetes/manifest.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import type { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { SAMPLE_WORKLOADS, type SampleWorkload } from '../../clusters/rigs/rig.ts';
import { actorsOf } from '../../fixtures/rig/actors.ts';
import { RigParts } from '../../fixtures/rig/parts.ts';
import { SETTINGS } from '../rigs/stand-in-rigs.ts';

/** The parts of a rig without a cluster, which creating actors does not need. */
function parts(): RigParts {
  return new RigParts({
    cluster: { name: 'c', provider: 'kind' } as RigParts['cluster'],
    namespace: 'rig',
    api: { connection: {} } as KubernetesApi,
    changes: {} as JournalledApi,
    mesh: {
      facts: { proxyUser: 1 },
      identity: (namespace: string, account: string, { trustDomain }) => `${trustDomain}/${namespace}/${account}`,
    } as MeshAdapter,
    settings: { ...SETTINGS, trustDomain: 'd' },
    pods: Object.fromEntries(SAMPLE_WORKLOADS.map((name) => [name, { namespace: 'rig', name: `${name}-0` }])) as Record<
      SampleWorkload,
      PodRef
    >,
  });
}

test('Creates every actor, once', () => {
  const actors = actorsOf(parts());
  const made = Object.entries(actors);
  expect(made.length).toBeGreaterThan(25);
  for (const [name, actor] of made) expect(Reflect.get(actors, name), name).toBe(actor);
});

test('Shares the ledger among actors of one pod, and names them by how they are called', () => {
  const { server, v2, unmeshedServer, unmeshedCaller, neighbour, identity } = actorsOf(parts());
  expect(server.version('v2')).toBe(v2.version('v2'));
  expect(server.endpoints.map(({ pod }) => pod)).toEqual(['server-v1-0', 'server-v2-0', 'server-v3-0']);
  expect(unmeshedServer.address()).toBe('unmeshed.rig-unmeshed:8080');
  expect(() => unmeshedCaller.proxy).toThrow('unmeshed has no proxy');
  expect(neighbour.proxy.pod).toBe('neighbour-0');
  expect(identity('frontend')).toBe('d/rig/frontend');
});
