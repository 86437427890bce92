import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { identify } from '../../clusters/engine/processes.ts';
import { meshproof } from './run.ts';
import { writeStandInDocker } from './stand-in-docker.ts';
import { test } from './suite-folder.ts';

/** Records of a process that runs, of one that does not, and of one on another machine. */
async function owners(): Promise<{ alive: string; dead: string; elsewhere: string }> {
  const me = await identify(process.pid);
  const dead = { ...me, pid: 2 ** 30 };
  return {
    alive: JSON.stringify(me),
    dead: JSON.stringify(dead),
    elsewhere: JSON.stringify({ ...dead, host: 'another', boot: 'another/1' }),
  };
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

test("Finds what killed runs left, and skips but names whatever else has a name of meshproof's", async ({ folder }) => {
  test.skip(process.platform !== 'linux', 'its stand-ins are for Linux');
  const { alive, dead, elsewhere } = await owners();
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), MESHPROOF_STATE: join(folder, 'my, state'), TMPDIR: folder };
  const clusters = join(env.MESHPROOF_STATE, 'clusters');
  await writeFiles(clusters, {
    'meshproof-dead/owner.json': dead,
    'meshproof-live/owner.json': alive,
    'meshproof-nfs/owner.json': elsewhere,
    'meshproof-half/owner.json': '{"pid":',
  });
  const docker = await writeStandInDocker(folder, [
    ...['dead', 'live', 'nfs'].map((name) => ({
      name: `meshproof-${name}-control-plane`,
      cluster: `meshproof-${name}`,
      folder: join(clusters, `meshproof-${name}`),
    })),
    { name: 'alice', cluster: 'meshproof-alice', folder: '/home/alice/.local/state/meshproof/clusters/meshproof-alice' },
    { name: 'meshproof-dev-control-plane', cluster: 'meshproof-dev' },
    { name: 'meshproof-db-1' },
    { name: 'meshproof-bake-1', owner: dead },
    { name: 'meshproof-bake-2', owner: alive },
    { name: 'meshproof-bake-3', owner: elsewhere },
  ]);
  const { stdout, stderr, exitCode } = await meshproof(['sweep', '--dry-run'], { ...env, ...docker });
  expect(exitCode, stderr).toBe(0);
  const lines = stdout.split('\n').filter((line) => !line.includes('private engine'));
  const after = (start: string) => lines.flatMap((line) => (line.startsWith(start) ? line.slice(start.length).split(':')[0] : []));
  expect(after('would be removed: ')).toEqual(['cluster meshproof-dead', 'container meshproof-bake-1']);
  expect(after('skipped, owner uncertain: ')).toEqual([
    'cluster meshproof-alice',
    'cluster meshproof-dev',
    'cluster meshproof-half',
    'cluster meshproof-nfs',
    'container meshproof-db-1',
    'container meshproof-bake-3',
  ]);
});

test('Reports and keeps truncated files of a cluster', async ({ folder }) => {
  test.skip(process.platform !== 'linux', 'its stand-ins are for Linux');
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), MESHPROOF_STATE: join(folder, 'state'), ...(await writeStandInDocker(folder, [])) };
  const half = join(env.MESHPROOF_STATE, 'clusters/meshproof-half');
  await writeFiles(env.MESHPROOF_STATE, {
    'clusters/meshproof-half/cluster.json': '{"name": "meshproof-ha',
    'clusters/meshproof-half/kubeconfig': 'precious',
    'clusters/meshproof-half/user.json': '',
    'ranges/3': '',
  });
  const swept = await meshproof(['sweep', '--dry-run'], env);
  expect(swept.stdout).toMatch(/^skipped, owner uncertain: cluster meshproof-half: .*cluster\.json/m);
  expect(swept.stdout).not.toContain('would be removed: cluster');
  expect(swept.exitCode, swept.stderr).toBe(0);
  const down = await meshproof(['down', 'meshproof-half'], env);
  expect(down.stderr).toMatch(/warning: skipping cluster meshproof-half: .*\n[^]*CLUSTER_UNREADABLE.*cluster\.json[^]*hint: .*docker ps/);
  expect(down.exitCode).toBe(2);
  const up = await meshproof(['up', '--name=meshproof-half'], env);
  expect(up.stderr).toMatch(/CLUSTER_EXISTS.*meshproof-half/);
  expect(up.exitCode).toBe(2);
  expect(await readdir(half)).toEqual(['cluster.json', 'kubeconfig', 'user.json']);
});

test('Does not mistake an engine that does not respond for an empty one', async ({ folder }) => {
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), MESHPROOF_STATE: join(folder, 'state'), DOCKER_HOST: 'tcp://127.0.0.1:1' };
  const { stdout, stderr, exitCode } = await meshproof(['sweep', '--dry-run'], env);
  expect(stdout).toContain('skipped, owner uncertain: whatever is on tcp://127.0.0.1:1: no Docker engine responds there');
  expect(exitCode, stderr).toBe(0);
});

test('Rejects an invalid cluster name before it becomes part of a path', async ({ folder }) => {
  const cache = join(folder, 'a/cache');
  await writeFiles(folder, { 'precious/file': 'precious', 'a/cache-state/clusters/meshproof-one/kubeconfig': 'precious' });
  const lines = [
    ['up', '--name=../../../precious'],
    ['up', '--name=foo'],
    ['up', `--name=meshproof-${'a'.repeat(40)}`],
    ['test', '--cluster=../../../precious'],
    ['down', '../../../precious'],
  ];
  for (const words of lines) {
    const { exitCode, stderr } = await meshproof(words, { MESHPROOF_CACHE: cache });
    expect(stderr, words.join(' ')).toMatch(/name is meshproof- and lower-case letters/);
    expect(exitCode, stderr).toBe(2);
  }
  expect(existsSync(join(folder, 'precious/file'))).toBe(true);
  expect(await readdir(join(folder, 'a'), { recursive: true })).toHaveLength(4);
});
