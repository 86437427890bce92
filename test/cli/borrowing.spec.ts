import { writeFile } from 'node:fs/promises';

import { join } from 'node:path';

import { expect } from '@playwright/test';

import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { claimCluster } from '../../clusters/registry/owner.ts';
import { findCluster } from '../../scripts/run/cluster.ts';
import { isInUse, occupy, vacate } from '../../clusters/registry/occupancy.ts';
import { ofChecks } from '../../scripts/sweep/here.ts';
import { describeCluster, test } from './suite-folder.ts';

const WANTED: UpOptions = { mesh: 'istio', provider: { kind: 'kind', nodes: 1 }, images: { from: 'auto' }, engine: true, rigs: 2 };
/** Of no process: the kernel's numbers are smaller. */
const DEAD = JSON.stringify({ ...(await identify(process.pid)), pid: 2 ** 30 });

test.describe.configure({ mode: 'serial' });

const before = process.env['MESHPROOF_CACHE'];
let place: string;
test.beforeEach(async ({ folder }) => {
  process.env['MESHPROOF_CACHE'] = join(folder, 'cache');
  place = await describeCluster(folder, 'meshproof-one');
});
test.afterAll(() => {
  if (before === undefined) delete process.env['MESHPROOF_CACHE'];
  else process.env['MESHPROOF_CACHE'] = before;
});

const found = async (wanted: Partial<UpOptions> = {}) => (await findCluster(await clusters(), { ...WANTED, ...wanted }))?.name;

test('a cluster that stays and is free is found', async () => {
  expect(await found()).toBe('meshproof-one');
  expect(await found({ name: 'meshproof-one' })).toBe('meshproof-one');
});

test('one with another mesh or of another provider is not', async () => {
  expect(await found({ mesh: 'linkerd' })).toBeUndefined();
  expect(await found({ provider: { kind: 'existing', context: 'kind-meshproof-one' } })).toBeUndefined();
  await expect(found({ mesh: 'linkerd', name: 'meshproof-one' })).rejects.toMatchObject({ code: 'OTHER_MESH', exitCode: 2 });
  await expect(found({ name: 'meshproof-two' })).rejects.toMatchObject({ code: 'CLUSTER_UNKNOWN', exitCode: 2 });
});

test('one that a run uses is not, until it is given back', async () => {
  expect(await occupy('meshproof-one')).toBe(true);
  expect(await occupy('meshproof-one')).toBe(false);
  expect(await found()).toBeUndefined();
  await expect(found({ name: 'meshproof-one' })).rejects.toMatchObject({ code: 'CLUSTER_IN_USE' });
  await vacate('meshproof-one');
  expect(await found()).toBe('meshproof-one');
});

test('one that a killed run used is taken over', async () => {
  await writeFile(join(place, 'user.json'), DEAD);
  expect(await isInUse('meshproof-one')).toBe(false);
  expect(await found()).toBe('meshproof-one');
  expect(await occupy('meshproof-one')).toBe(true);
});

test('the record of a killed run is swept, one of a run that has taken the cluster since is not', async () => {
  await writeFile(join(place, 'user.json'), DEAD);
  const records = async () => (await ofChecks({ spare: () => undefined }, {})).filter(({ what }) => what.includes('record'));
  const [record, ...more] = await records();
  expect([record?.what, more]).toEqual(['the record of a killed run on meshproof-one', []]);
  expect(await occupy('meshproof-one')).toBe(true);
  await record?.remove();
  expect(await isInUse('meshproof-one')).toBe(true);
  await writeFile(join(place, 'user.json'), DEAD);
  await record?.remove();
  expect(await records()).toEqual([]);
});

test('one that another run made for itself is not', async () => {
  await claimCluster('meshproof-one');
  expect(await found()).toBeUndefined();
  await writeFile(join(place, 'owner.json'), DEAD);
  expect(await found()).toBeUndefined();
});
