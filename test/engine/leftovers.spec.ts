import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { leftovers } from '../../clusters/kind/leftovers.ts';
import { claimCluster, folderOf, keepCluster, ownerOf } from '../../clusters/registry/owner.ts';
import { reservations, reserveRanges } from '../../clusters/kind/reservations.ts';
import { scratchCache } from './scratch.ts';

const NAME = 'meshproof-left';
const DESCRIPTION = { name: NAME, provider: 'kind', kubeconfig: 'k', context: 'c', mesh: 'istio', rigs: [], versions: {}, timings: {} };

/** What is left of the cluster of this test; others on the machine are none of its business. */
async function ours(): Promise<Awaited<ReturnType<typeof leftovers>>> {
  return (await leftovers()).filter(({ what }) => what.includes(NAME));
}

async function claimAndDie(): Promise<void> {
  const module = new URL('../../clusters/registry/owner.ts', import.meta.url).href;
  const child = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { claimCluster } from '${module}'; await claimCluster('${NAME}'); process.kill(process.pid, 'SIGKILL');`,
  ]);
  await once(child, 'exit');
}

test('a cluster is a leftover when its process has gone, and not before', async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  expect(await ownerOf(NAME)).toBe('alive');
  expect(await ours()).toEqual([]);
  await claimAndDie();
  expect(await ownerOf(NAME)).toBe('dead');
  expect((await ours()).map(({ what }) => what)).toEqual([`folder ${folderOf(NAME)}`]);
});

test('a cluster that was made to stay is no leftover', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  const dockerHost = 'unix:///nowhere/docker.sock';
  await writeFile(join(folderOf(NAME), 'cluster.json'), JSON.stringify({ ...DESCRIPTION, dockerHost }));
  expect(await ours()).toHaveLength(1);
  await keepCluster(NAME);
  expect(await ownerOf(NAME)).toBe('none');
  expect(await ours()).toEqual([]);
});

test('a cluster of another owner is never a leftover of kind', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  await writeFile(join(folderOf(NAME), 'cluster.json'), JSON.stringify({ ...DESCRIPTION, provider: 'existing' }));
  expect(await ours()).toEqual([]);
});

test('removing a leftover ends its programs and gives back folder and ranges', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  await reserveRanges(NAME);
  // A program whose name and arguments are those of a forgotten port-forward.
  const args = ['-c', 'echo ready; while :; do sleep 0.05; done', 'sh', '--kubeconfig', join(folderOf(NAME), 'kubeconfig')];
  const forgotten = spawn('sh', args, { argv0: 'kubectl' });
  await once(forgotten.stdout, 'data');
  const gone = once(forgotten, 'exit');
  const found = await ours();
  expect(found.some(({ what }) => what === `process ${forgotten.pid} of cluster ${NAME}`)).toBe(process.platform === 'linux');
  for (const leftover of found) await leftover.remove();
  if (process.platform === 'linux') await gone;
  forgotten.kill();
  await expect(access(folderOf(NAME))).rejects.toThrow('ENOENT');
  expect(await reservations()).toEqual([]);
  expect(await ours()).toEqual([]);
});
