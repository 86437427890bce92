import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { Engine } from '../../clusters/engine/engine.ts';
import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { ensureImages } from '../../clusters/images/ensure.ts';
import { KIND, pathOf } from '../../clusters/images/tools.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { createCluster, deleteCluster, type CreateClusterOptions } from '../../clusters/kind/kind.ts';
import { leftovers } from '../../clusters/kind/leftovers.ts';
import { containersOf, kubectlOnNode, listClusters, listNodes, nodeExec } from '../../clusters/kind/nodes.ts';
import { folderOf } from '../../clusters/registry/owner.ts';
import { reservations, reserveRanges } from '../../clusters/kind/reservations.ts';
import { until } from '../../clusters/until.ts';

test.describe.configure({ timeout: 600_000 });

async function optionsFor(name: string, nodes: number, engine: Engine): Promise<CreateClusterOptions> {
  const [image, kind, ranges] = [
    (await ensureImages({ from: 'auto' }, ISTIO.images(), engine, {})).tag,
    await pathOf(KIND, {}),
    await reserveRanges(name, engine),
  ];
  return { name, nodes, image, kind, kubeconfig: join(folderOf(name), 'kubeconfig'), ...ranges };
}

async function expectNothingOf(name: string, engine: Engine): Promise<void> {
  expect(await containersOf(name, engine)).toEqual([]);
  await expect(access(folderOf(name))).rejects.toThrow('ENOENT');
  expect((await reservations()).filter(({ cluster }) => cluster === name)).toEqual([]);
}

/** Queries the cluster's DNS like a pod. 2 means "no such name", 124 that there was no answer. */
const lookup = (server: string, name: string): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `echo nameserver ${server} > /run/resolv; mount --bind /run/resolv /etc/resolv.conf; timeout 3 getent hosts ${name}; echo $?`,
];

test('Creates a two-node cluster with ready nodes, connected pods and its own DNS', { tag: '@cluster' }, async () => {
  const engine = await ensureEngine({ allowPrivate: true });
  const options = await optionsFor('meshproof-two-nodes', 2, engine);
  const { name } = options;
  try {
    expect(await createCluster(options, engine)).toBe('kind-meshproof-two-nodes');
    expect(await listClusters(engine)).toContain(name);
    const nodes = await listNodes(name, engine);
    expect(nodes.map((node) => node.name)).toEqual([`${name}-control-plane`, `${name}-worker`]);
    const statuses = ['get', 'nodes', '--output', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}'];
    expect(await kubectlOnNode(name, statuses, engine)).toBe('True True');

    const dns = ['--namespace', 'kube-system', '--selector', 'k8s-app=kube-dns'];
    const places = ['get', 'pods', ...dns, '--output', 'jsonpath={range .items[*]}{.status.podIP} {end}'];
    const pods = await until(
      async () => {
        await kubectlOnNode(name, ['wait', '--for=condition=Ready', 'pods', ...dns, '--timeout=30s'], engine);
        return (await kubectlOnNode(name, places, engine)).trim().split(' ');
      },
      { what: 'the DNS pods to be ready', timeoutMs: 120_000 },
    );
    // From both nodes, so that at least one path crosses nodes.
    for (const node of nodes) {
      for (const pod of pods)
        expect(await nodeExec(node.name, ['curl', '-sS', '--max-time', '5', `http://${pod}:8080/health`], engine)).toBe('OK');
    }
    const worker = nodes[1]?.name ?? '';
    expect(await nodeExec(worker, lookup(pods[0] ?? '', 'kubernetes.default.svc.cluster.local'), engine)).toMatch(/^198\.19\..*\n0$/);
    expect(await nodeExec(worker, lookup(pods[0] ?? '', 'meshproof.example'), engine)).toBe('2');
  } finally {
    await deleteCluster({ name, folder: folderOf(name) }, engine);
  }
  await expectNothingOf(name, engine);
});

test('Leaves nothing of a cluster that does not start but its logs, and names their folder', { tag: '@cluster' }, async () => {
  const engine = await ensureEngine({ allowPrivate: true });
  const name = 'meshproof-no-node';
  const image = 'meshproof/no-node:test';
  await engine.docker(['import', '--change', 'ENTRYPOINT ["/absent"]', '-', image], { input: new Uint8Array(1024) });
  try {
    const options = { ...(await optionsFor(name, 1, engine)), image };
    await expect(createCluster(options, engine)).rejects.toMatchObject({
      code: 'CLUSTER_FAILED',
      message: expect.stringContaining('/absent'),
      hint: expect.stringContaining('logs are in'),
    });
    await expectNothingOf(name, engine);
  } finally {
    await engine.docker(['image', 'rm', image]);
  }
});

test('Finds and removes what a killed creation left', { tag: '@cluster' }, async () => {
  const engine = await ensureEngine({ allowPrivate: true });
  const options = await optionsFor('meshproof-killed', 1, engine);
  const { name } = options;
  const clusters = new URL('../../clusters/', import.meta.url).href;
  const creation = `
    import { ensureEngine } from '${clusters}engine/ensure.ts';
    import { createCluster } from '${clusters}kind/kind.ts';
    await createCluster(${JSON.stringify(options)}, await ensureEngine({ allowPrivate: true }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', creation], { stdio: 'inherit' });
  try {
    await until(async () => (await containersOf(name, engine)).length > 0, { what: 'the first container', timeoutMs: 60_000 });
    const ours = async (): Promise<Awaited<ReturnType<typeof leftovers>>> => (await leftovers()).filter(({ what }) => what.includes(name));
    expect(await ours()).toEqual([]);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    const found = await ours();
    expect(found.map(({ what }) => what.replace(/\d+/, 'N'))).toEqual([`process N of cluster ${name}`, `cluster ${name}`]);
    for (const leftover of found) await leftover.remove();
    expect(await ours()).toEqual([]);
  } finally {
    child.kill('SIGKILL');
    await deleteCluster({ name, folder: folderOf(name) }, engine);
  }
  await expectNothingOf(name, engine);
});

test('Removes what it created when it is interrupted', { tag: '@cluster' }, async () => {
  const engine = await ensureEngine({ allowPrivate: true });
  const options = await optionsFor('meshproof-aborted', 1, engine);
  const { name } = options;
  const controller = new AbortController();
  const creation = createCluster(options, engine, { signal: controller.signal });
  const outcome = creation.then(
    () => undefined,
    (error: unknown) => error,
  );
  await until(async () => (await containersOf(name, engine)).length > 0, { what: 'the first container', timeoutMs: 60_000 });
  const reason = new Error('interrupted');
  controller.abort(reason);
  expect(await outcome).toBe(reason);
  await expectNothingOf(name, engine);
});
