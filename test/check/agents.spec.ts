import { expect, test } from '@playwright/test';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { isAgentConfigMap } from '../../clusters/rigs/agent.ts';
import { withAgents } from '../../fixtures/check/agents.ts';
import { manifestsOf } from '../../fixtures/check/diagnostics.ts';
import { SAMPLES } from '../rigs/samples.ts';

const rig = { namespace: 'rig', samples: async () => ({ ...SAMPLES, image: 'node:24' }) };
const pods = (image: string) => ({ containers: [{ name: 'app', image }] });
const deployment = (name: string, namespace: string, image = 'node:24'): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { replicas: 1, template: { spec: pods(image) } },
});
const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'rig' } };

test('Runs the agent in pods of the sample image, from one ConfigMap in each of their namespaces', async () => {
  const pod: Manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c', namespace: 'rig-own' }, spec: pods('node:24') };
  const gateway = deployment('gateway', 'elsewhere', 'auto');
  const objects = await withAgents([service, deployment('a', 'rig'), deployment('b', 'rig'), pod, gateway], rig);
  const name = 'check-agent-abc';
  const configMaps = objects.filter(isAgentConfigMap);
  expect(configMaps.map(({ metadata }) => metadata)).toEqual([
    { name, namespace: 'rig' },
    { name, namespace: 'rig-own' },
  ]);
  const running = { containers: [{ command: ['node', '/agent/main.mts'] }], volumes: [{ name: 'agent', configMap: { name } }] };
  expect(objects.slice(0, 5)).toMatchObject([
    service,
    { spec: { replicas: 1, template: { spec: running } } },
    { spec: { replicas: 1, template: { spec: running } } },
    { spec: running },
    gateway,
  ]);
  expect(objects[4]).toBe(gateway);
});

test('Reads no image for a check without pods', async () => {
  const silent = { namespace: 'rig', samples: async () => Promise.reject(new Error('asked')) };
  expect(await withAgents([service], silent)).toEqual([service]);
});

test("Copies the image's pull credentials to the namespaces of a check's pods that lack them", async () => {
  const credentials = { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } };
  const closed = { namespace: 'rig', samples: async () => ({ ...SAMPLES, credentials }) };
  const objects = await withAgents([deployment('a', 'rig', 'image'), deployment('b', 'rig-own', 'image')], closed);
  const imagePullSecrets = [{ name: 'meshproof-pull' }];
  expect(objects.slice(0, 2)).toMatchObject([0, 1].map(() => ({ spec: { template: { spec: { imagePullSecrets } } } })));
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'meshproof-pull', namespace: 'rig-own' }, ...credentials };
  expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([secret]);
  const shown = manifestsOf(objects);
  expect(shown).toContain('rig-own');
  expect(shown).not.toContain('e30=');
});
