import { expect, test } from '@playwright/test';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { agentProgram, isAgentConfigMap } from '../../clusters/rigs/agent.ts';
import { withAgents } from '../../fixtures/check/agents.ts';

const rig = { sampleImage: async () => 'node:24' };
const pods = (image: string) => ({ containers: [{ name: 'app', image }] });
const deployment = (name: string, namespace: string, image = 'node:24'): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { replicas: 1, template: { spec: pods(image) } },
});
const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'rig' } };

test('pods of the samples’ image run the agent, from one ConfigMap in each of their namespaces', async () => {
  const pod: Manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c', namespace: 'rig-own' }, spec: pods('node:24') };
  const gateway = deployment('gateway', 'elsewhere', 'auto');
  const objects = await withAgents([service, deployment('a', 'rig'), deployment('b', 'rig'), pod, gateway], rig);
  const name = `check-agent-${(await agentProgram()).hash}`;
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

test('a check without pods asks for no image', async () => {
  const silent = { sampleImage: async () => Promise.reject(new Error('asked')) };
  expect(await withAgents([service], silent)).toEqual([service]);
});
