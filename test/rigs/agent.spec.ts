import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { agentConfigMap, agentProgram, isAgentConfigMap, withAgent } from '../../clusters/rigs/agent.ts';
import { expect, startAgent, test } from '../agent/agents.ts';

/** The API server rejects larger objects. */
const MOST_BYTES = 2 ** 20;

test('Runs the agent from a folder with only the files of its ConfigMap', async ({ prober }, info) => {
  const { files } = await agentProgram();
  const folder = info.outputPath('agent');
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  await using server = await startAgent('mounted-pod', 'v2', { main: join(folder, 'main.mts') });
  for (const protocol of ['http1', 'h2c', 'grpc', 'websocket', 'tcp'] as const) {
    const { outcomes } = await prober.client.probe({ target: server.target(protocol), protocol });
    expect(outcomes[0]?.ending, protocol).toMatchObject({ kind: 'response' });
  }
  const { outcomes } = await server.client.probe({ target: server.target('websocket'), protocol: 'websocket' });
  expect(outcomes[0]?.ending).toMatchObject({ status: 200, headers: { 'x-agent-pod': 'mounted-pod', 'x-agent-version': 'v2' } });
});

test('Builds an immutable agent ConfigMap that an API server accepts, with only the files that the agent loads', async () => {
  const agent = await agentProgram();
  const configMap = agentConfigMap(agent, 'agent', 'rig');
  expect(configMap).toMatchObject({ immutable: true, metadata: { name: 'agent', namespace: 'rig' } });
  expect(Buffer.byteLength(JSON.stringify(configMap))).toBeLessThan(MOST_BYTES / 2);
  const names = Object.keys(agent.files);
  expect(names.filter((name) => !/^[-._a-zA-Z0-9]{1,253}$/.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(['main.mts', 'server.http1.mts', 'prober.http1.mts', 'ws.wrapper.mjs']));
  expect(names.filter((name) => /client|dialed|errors/.test(name))).toEqual([]);
  expect(isAgentConfigMap(configMap)).toBe(true);
  expect(isAgentConfigMap({ kind: 'ConfigMap', data: { 'steady-rate.ts': '' } })).toBe(false);
});

test('Runs the agent in containers of the sample image unless they have a command', () => {
  const spec = {
    serviceAccountName: 'server',
    volumes: [{ name: 'script' }],
    containers: [
      { name: 'app', image: 'node', securityContext: { runAsNonRoot: true } },
      { name: 'observer', image: 'k6' },
      { name: 'own', image: 'node', command: ['node', '-e', ''] },
    ],
  };
  const done = withAgent(spec, { image: 'node' }, 'the-agent');
  expect(done).toEqual({
    serviceAccountName: 'server',
    volumes: [{ name: 'script' }, { name: 'agent', configMap: { name: 'the-agent' } }],
    containers: [
      {
        name: 'app',
        image: 'node',
        command: ['node', '/agent/main.mts'],
        volumeMounts: [{ name: 'agent', mountPath: '/agent', readOnly: true }],
        securityContext: { runAsUser: 1000, runAsNonRoot: true },
      },
      spec.containers[1],
      spec.containers[2],
    ],
  });
  expect(withAgent(done, { image: 'node' }, 'the-agent')).toBe(done);
});
