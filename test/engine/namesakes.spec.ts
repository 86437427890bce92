import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { Engine } from '../../clusters/engine/engine.ts';
import { createCluster, deleteCluster } from '../../clusters/kind/kind.ts';
import { leftovers } from '../../clusters/kind/leftovers.ts';
import { CNI_IN_NODE, cniFile } from '../../clusters/kind/config.ts';
import { claimName, folderOf, ownerOf } from '../../clusters/registry/owner.ts';
import { writeStandInDocker } from '../cli/stand-in-docker.ts';
import { scratchCache } from './scratch.ts';

const NAME = 'meshproof-ci';
const NETWORK = { Id: 'network', Options: {}, IPAM: { Config: [] }, EnableIPv6: false, Labels: { meshproof: 'network' } };

/** An engine with nodes of one cluster name, keyed by the folder that each one's configuration is mounted from, and a log of removals. */
function engineWith(nodes: Record<string, string>, removed: string[]): Engine {
  const docker = async (args: readonly string[]): Promise<string> => {
    const line = args.join(' ');
    if (line.includes(`io.x-k8s.kind.cluster=${NAME}`)) return Object.keys(nodes).join('\n');
    if (line.includes(`meshproof.cluster=${NAME}`)) return 'external';
    if (line.startsWith('network ls')) return 'network';
    if (line.startsWith('network inspect')) return JSON.stringify([NETWORK]);
    if (args[0] === 'inspect') return JSON.stringify([{ Source: cniFile(nodes[args.at(-1) ?? ''] ?? '', 0), Destination: CNI_IN_NODE }]);
    if (args[0] === 'rm') removed.push(...args.slice(3));
    return '';
  };
  return { host: '', private: true, env: { DOCKER_HOST: '' }, restricted: false, cgroup: 2, version: '', data: '', local: false, docker };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A cluster with another state folder. */
async function otherCluster(): Promise<{ folder: string } & AsyncDisposable> {
  const state = await scratchCache();
  return { folder: await claimName(NAME), [Symbol.asyncDispose]: state[Symbol.asyncDispose] };
}

test('Removes only the parts of a cluster that were created from its own folder', async () => {
  await using other = await otherCluster();
  await using _ = await scratchCache();
  const folder = await claimName(NAME);
  const removed: string[] = [];
  await deleteCluster({ name: NAME, folder }, engineWith({ one: other.folder, two: folder }, removed));
  expect(removed).toEqual(['two']);
  expect([await exists(folder), await exists(other.folder)]).toEqual([false, true]);
  await deleteCluster({ name: NAME, folder }, engineWith({ two: folder }, removed));
  expect(removed.slice(1)).toEqual(['external', 'two']);
});

test("Removes nothing of the winner's cluster after losing the race for a name", async () => {
  await using other = await otherCluster();
  await using state = await scratchCache();
  const folder = await claimName(NAME);
  const kind = join(state.path, 'kind');
  await writeFile(kind, '#!/bin/sh\necho "node(s) already exist for a cluster" >&2\nexit 1\n');
  await chmod(kind, 0o755);
  const options = { name: NAME, nodes: 1, image: 'i', kind, kubeconfig: join(folder, 'kubeconfig') };
  const create = (nodes: Record<string, string>, removed: string[]) =>
    createCluster({ ...options, podSubnet: '198.19.0.0/21', serviceSubnet: '198.19.8.0/21' }, engineWith(nodes, removed));
  const removed: string[] = [];
  await expect(create({ one: other.folder }, removed)).rejects.toMatchObject({ code: 'CLUSTER_EXISTS' });
  // Without a lock that both processes can take, kind itself refuses the second cluster.
  const nodes: Record<string, string> = {};
  await writeFile(
    kind,
    `#!/bin/sh\ntouch ${state.path}/asked\nwhile [ ! -e ${state.path}/made ]; do sleep 0.01; done\necho "node(s) already exist" >&2\nexit 1\n`,
  );
  const created = create(nodes, removed);
  await expect.poll(() => exists(join(state.path, 'asked'))).toBe(true);
  nodes['one'] = other.folder;
  await writeFile(join(state.path, 'made'), '');
  await expect(created).rejects.toMatchObject({ code: 'CLUSTER_FAILED', message: expect.stringContaining('already exist') });
  expect(removed).toEqual([]);
  expect(await exists(other.folder)).toBe(true);
});

test('Keeps a cluster that a new run created under the name before a sweep removed the old one', async () => {
  await using state = await scratchCache();
  const module = new URL('../../clusters/registry/owner.ts', import.meta.url).href;
  const program = `import { claimCluster } from '${module}'; await claimCluster('${NAME}'); process.kill(process.pid, 'SIGKILL');`;
  await once(spawn(process.execPath, ['--input-type=module', '--eval', program]), 'exit');
  const node = { name: `${NAME}-control-plane`, cluster: NAME, folder: folderOf(NAME) };
  const before = { ...process.env };
  Object.assign(process.env, await writeStandInDocker(state.path, [node]));
  const [found] = (await leftovers()).filter(({ what }) => what === `cluster ${NAME}`);
  Object.assign(process.env, { PATH: before['PATH'], DOCKER_HOST: before['DOCKER_HOST'] });
  await (await import('../../clusters/registry/owner.ts')).claimCluster(NAME);
  await expect(found?.remove()).rejects.toMatchObject({ code: 'CLUSTER_IN_USE' });
  expect(await ownerOf(NAME)).toBe('alive');
});
