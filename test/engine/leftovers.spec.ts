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

/** The leftovers of this test's cluster, ignoring those of other clusters on the machine. */
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

test('Treats a cluster as a leftover only once its process has ended', async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  expect(await ownerOf(NAME)).toBe('alive');
  expect(await ours()).toEqual([]);
  await claimAndDie();
  expect(await ownerOf(NAME)).toBe('dead');
  expect((await ours()).map(({ what }) => what)).toEqual([`folder ${folderOf(NAME)}`]);
});

test('Does not treat a kept cluster as a leftover', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  const dockerHost = 'unix:///nowhere/docker.sock';
  await writeFile(join(folderOf(NAME), 'cluster.json'), JSON.stringify({ ...DESCRIPTION, dockerHost }));
  expect(await ours()).toHaveLength(1);
  await keepCluster(NAME);
  expect(await ownerOf(NAME)).toBe('none');
  expect(await ours()).toEqual([]);
});

test('Never treats an existing cluster of another owner as a leftover of kind', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  await writeFile(join(folderOf(NAME), 'cluster.json'), JSON.stringify({ ...DESCRIPTION, provider: 'existing' }));
  expect(await ours()).toEqual([]);
});

test('Ends the programs of a leftover, and removes its folder and ranges', async () => {
  await using _ = await scratchCache();
  await claimAndDie();
  await reserveRanges(NAME);
  // A program with the name and arguments of an abandoned port-forward.
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
