import { readFile, writeFile } from 'node:fs/promises';

import { join } from 'node:path';

import { expect } from '@playwright/test';

import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { claimCluster } from '../../clusters/registry/owner.ts';
import { borrowCluster, findCluster } from '../../scripts/run/cluster.ts';
import { isInUse, occupy, vacate } from '../../clusters/registry/occupancy.ts';
import { ofChecks } from '../../scripts/sweep/here.ts';
import { describeCluster, test } from './suite-folder.ts';

const WANTED: UpOptions = { mesh: 'istio', provider: { kind: 'kind', nodes: 1 }, images: { from: 'auto' }, engine: true, rigs: 2 };
/** A PID that no process has, because the kernel's are smaller. */
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

test('Finds a kept cluster that is not in use', async () => {
  expect(await found()).toBe('meshproof-one');
  expect(await found({ name: 'meshproof-one' })).toBe('meshproof-one');
});

test('Does not use a cluster with another mesh or provider', async () => {
  expect(await found({ mesh: 'linkerd' })).toBeUndefined();
  expect(await found({ provider: { kind: 'existing', context: 'kind-meshproof-one' } })).toBeUndefined();
  await expect(found({ mesh: 'linkerd', name: 'meshproof-one' })).rejects.toMatchObject({ code: 'OTHER_MESH', exitCode: 2 });
  await expect(found({ name: 'meshproof-two' })).rejects.toMatchObject({ code: 'CLUSTER_UNKNOWN', exitCode: 2 });
});

test('Does not use a cluster with another version of the mesh, if one is given', async () => {
  const file = join(place, 'cluster.json');
  const description = await readFile(file, 'utf8');
  await writeFile(file, description.replace('"mesh":"istio"', '"mesh":"istio","meshVersion":"1.30"'));
  expect(await found()).toBe('meshproof-one');
  expect(await found({ meshVersion: '1.30' })).toBe('meshproof-one');
  expect(await found({ meshVersion: '1.31' })).toBeUndefined();
  const message = 'meshproof-one runs istio 1.30, not istio 1.31';
  await expect(found({ meshVersion: '1.31', name: 'meshproof-one' })).rejects.toMatchObject({ code: 'OTHER_MESH', message });
});

test('Does not use a cluster in use until it is released', async () => {
  expect(await occupy('meshproof-one')).toBe(true);
  expect(await occupy('meshproof-one')).toBe(false);
  expect(await found()).toBeUndefined();
  await expect(found({ name: 'meshproof-one' })).rejects.toMatchObject({ code: 'CLUSTER_IN_USE' });
  await vacate('meshproof-one');
  expect(await found()).toBe('meshproof-one');
});

test('Creates no other cluster when another run occupies the named one first', async () => {
  const borrow = () => borrowCluster({ ...WANTED, name: 'meshproof-one' }, false, {});
  const both = await Promise.allSettled([borrow(), borrow()]);
  expect(both.filter(({ status }) => status === 'fulfilled')).toMatchObject([{ value: { createdForRun: false } }]);
  expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'CLUSTER_IN_USE' } }]);
  await vacate('meshproof-one');
});

test('Takes over a cluster that a killed run used', async () => {
  await writeFile(join(place, 'user.json'), DEAD);
  expect(await isInUse('meshproof-one')).toBe(false);
  expect(await found()).toBe('meshproof-one');
  expect(await occupy('meshproof-one')).toBe(true);
});

test('Sweeps the record of a killed run, but not that of a run that has claimed the cluster since', async () => {
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

test('Does not use a cluster that another run created for itself', async () => {
  await claimCluster('meshproof-one');
  expect(await found()).toBeUndefined();
  await writeFile(join(place, 'owner.json'), DEAD);
  expect(await found()).toBeUndefined();
});
