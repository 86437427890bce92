import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

import { identify, type ProcessIdentity } from '../../clusters/engine/processes.ts';
import { descriptionFile, writeDescription } from '../../clusters/registry/description.ts';
import { copyLease, judgeLease, LEASE_NAME, leaseOf, stays } from '../../clusters/rigs/lease.ts';
import { leaveRigs, RigLeases } from '../../clusters/rigs/leases.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import type { StandInApi, StandInObject } from '../kubernetes/stand-in-api.ts';

const PATH = `/apis/coordination.k8s.io/v1/namespaces/run-rig-0/leases/${LEASE_NAME}`;

interface Held {
  holder: unknown;
  renewTime?: string;
}

function put(server: StandInApi, { holder, renewTime = 'then' }: Held): void {
  const annotations = { 'meshproof.dev/holder': JSON.stringify(holder) };
  server.put(PATH, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace: 'run-rig-0', annotations },
    spec: { holderIdentity: 'another', leaseDurationSeconds: 1, renewTime },
  });
}

const specOf = (server: StandInApi): Record<string, unknown> => (server.objects.get(PATH)?.['spec'] ?? {}) as Record<string, unknown>;

/** A process that has ended. */
async function dead(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  await once(child, 'spawn');
  const identity = await identify(child.pid ?? 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

test('Takes a rig without a lease once', async ({ api, server }) => {
  expect((await judgeLease(api, 'run-rig-0')).holding).toBe('free');
  const leases = await RigLeases.take(api, ['run-rig-0'], 'run');
  expect(specOf(server)['holderIdentity']).toBe(`${hostname()}/${process.pid}`);
  expect((await judgeLease(api, 'run-rig-0')).holding).toBe('ours');
  await leases.release();
  expect((await judgeLease(api, 'run-rig-0')).holding).toBe('free');
});

test('Returns the same lease to two processes that create it at the same time', async ({ api }) => {
  const [one, other] = await Promise.all([leaseOf(api, 'run-rig-0', 'run'), leaseOf(api, 'run-rig-0', 'run')]);
  expect(one.metadata.uid).toBe(other.metadata.uid);
});

test('Treats a lease of a living process on this machine as in use, however long it was not renewed', async ({ api, server }) => {
  put(server, { holder: await identify(process.ppid) });
  await expect(RigLeases.take(api, ['run-rig-0'], 'run')).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect(specOf(server)['holderIdentity']).toBe('another');
});

test('Takes over the lease of a dead process on this machine at once', async ({ api, server }) => {
  put(server, { holder: await dead() });
  const leases = await RigLeases.take(api, ['run-rig-0'], 'run');
  expect(specOf(server)['holderIdentity']).toBe(`${hostname()}/${process.pid}`);
  await leases.release();
});

test('Treats a holder on another machine as alive while it renews, and as dead otherwise', async ({ api, server }) => {
  const elsewhere = { host: 'another-machine', boot: 'another-boot', pid: process.pid, began: '1' };
  put(server, { holder: elsewhere });
  expect((await judgeLease(api, 'run-rig-0')).holding).toBe('dead');

  let looks = 0;
  server.intercept = ({ method, path }) => {
    if (method === 'GET' && path === PATH && ++looks === 2) put(server, { holder: elsewhere, renewTime: 'now' });
    return undefined;
  };
  expect((await judgeLease(api, 'run-rig-0')).holding).toBe('alive');
});

test("Leaves the holder's state open if the server does not answer", async ({ api, server }) => {
  put(server, { holder: { host: 'another-machine', boot: 'another-boot', pid: 1, began: '1' } });
  let looks = 0;
  server.intercept = ({ method, path }) =>
    method === 'GET' && path === PATH && ++looks > 1 ? { status: 500, body: { kind: 'Status', message: 'no' } } : undefined;
  await expect(judgeLease(api, 'run-rig-0')).rejects.toMatchObject({ code: 'TIMED_OUT' });
});

test("Lets only one of two processes take over a dead holder's lease", async ({ api, server }) => {
  put(server, { holder: await dead() });
  // Another run writes the lease after it was read and before it is taken.
  server.intercept = ({ method }) => {
    if (method !== 'PATCH') return undefined;
    server.intercept = () => undefined;
    server.put(PATH, { ...(server.objects.get(PATH) as StandInObject), spec: { holderIdentity: 'a third' } });
    return undefined;
  };
  await expect(RigLeases.take(api, ['run-rig-0'], 'run')).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect(specOf(server)['holderIdentity']).toBe('a third');
});

test('Copies a lease to a replaced rig even if a renewal interferes', async ({ api, server }) => {
  const holder = await identify(process.pid);
  put(server, { holder });
  const from = await leaseOf(api, 'run-rig-0', 'meshproof-aa');
  const marked = { ...from, metadata: { ...from.metadata, annotations: { ...from.metadata.annotations, 'meshproof.dev/stays': 'true' } } };
  let renewals = 0;
  server.intercept = ({ method }) => {
    if (method === 'PATCH' && renewals++ === 0) put(server, { holder, renewTime: 'now' });
    return undefined;
  };
  await copyLease(api, marked, 'run-rig-0', 'meshproof-aa');
  expect(renewals).toBe(2);
  expect(stays(await leaseOf(api, 'run-rig-0', 'meshproof-aa'))).toBe(true);
});

test('Does not give a lease back to a replaced rig that another run has taken meanwhile', async ({ api, server }) => {
  put(server, { holder: await identify(process.pid) });
  const from = await leaseOf(api, 'run-rig-0', 'meshproof-aa');
  put(server, { holder: await identify(process.ppid) });
  await expect(copyLease(api, from, 'run-rig-0', 'meshproof-aa')).rejects.toMatchObject({ code: 'RIG_LOST' });
  expect(specOf(server)['holderIdentity']).toBe('another');
});

test('Counts a lease as lost when another process holds it, not while it is being recreated', async ({ api, server }) => {
  const leases = await RigLeases.take(api, ['run-rig-0'], 'run');
  const refused = { status: 422, body: { kind: 'Status', reason: 'Invalid', message: 'testing path: not equal' } };
  server.intercept = ({ method }) => (method === 'PATCH' ? refused : undefined);
  server.put(PATH, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace: 'run-rig-0' },
    spec: {},
  });
  await leases.renew();
  expect(leases.lost.aborted).toBe(false);
  put(server, { holder: await identify(process.ppid) });
  await leases.renew();
  expect(leases.lost.reason).toMatchObject({ code: 'RIG_LOST' });
  leases.stop();
});

test('Releases the leases already taken if another one is in use', async ({ api, server }) => {
  put(server, { holder: await identify(process.ppid) });
  await expect(RigLeases.take(api, ['run-rig-1', 'run-rig-0'], 'run')).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect((await judgeLease(api, 'run-rig-1')).holding).toBe('free');
});

test('Keeps the rigs that a run kept or replaced when the cluster is kept', async ({ api, server }, info) => {
  const before = process.env['MESHPROOF_STATE'];
  process.env['MESHPROOF_STATE'] = info.outputPath('state');
  try {
    const place = { kubeconfig: server.writeKubeconfig(info.outputPath('kubeconfig')), context: 'stand-in' };
    const name = 'meshproof-aa';
    await mkdir(dirname(descriptionFile(name)), { recursive: true });
    const description = { name, provider: 'existing', mesh: 'istio', ...place, versions: {}, timings: {} } as const;
    await writeDescription({ ...description, rigs: ['aa-rig-1'], kept: ['aa-rig-0'] });
    await leaveRigs(name);
  } finally {
    if (before === undefined) delete process.env['MESHPROOF_STATE'];
    else process.env['MESHPROOF_STATE'] = before;
  }
  for (const rig of ['aa-rig-0', 'aa-rig-1']) expect(stays(await leaseOf(api, rig, 'run')), rig).toBe(true);
});
