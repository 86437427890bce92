import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { converge } from '../../clusters/istio/convergence/convergence.ts';
import { Istiod } from '../../clusters/istio/istiod.ts';
import type { Pace } from '../../clusters/istio/convergence/proxies.ts';
import { SENTINEL_NAME } from '../../clusters/istio/convergence/sentinel.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { SimulatedMesh, keyOf } from './simulated-mesh.ts';

const NAMESPACE = 'rig';
/** As fast as the event loop: in the simulation, each query advances the time. */
const PACE: Pace = { everyMs: 0, drainEveryMs: 0, renewMs: 20, rejectionMs: 10, podsMs: 3 };

function policy(kind: string, name = 'one'): Manifest {
  if (kind === 'HTTPRoute') return { apiVersion: 'gateway.networking.k8s.io/v1', kind, metadata: { name, namespace: NAMESPACE }, spec: {} };
  const group = kind === 'DestinationRule' || kind === 'VirtualService' ? 'networking' : 'security';
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name, namespace: NAMESPACE }, spec: {} };
}

async function run(mesh: SimulatedMesh, objects: readonly Manifest[], after: 'applied' | 'removed', options = {}): Promise<unknown> {
  const settings = { objects, after, namespace: NAMESPACE, timeoutMs: 20_000, ...options };
  return await converge(mesh, new Istiod(mesh, { namespace: 'istio-system' }), settings, PACE);
}

/** What is wrong with the moment at which convergence returned; empty if it was not too early. */
function tooEarly(mesh: SimulatedMesh, objects: readonly Manifest[], after: 'applied' | 'removed'): string[] {
  return mesh.proxies.flatMap(({ pod, applied, draining, warming }) => {
    const who = pod.metadata.name;
    const behind = (['cds', 'lds', 'rds'] as const).flatMap((type) =>
      objects
        .filter((object) => (applied.get(type)?.get(keyOf(object)) ?? -1) !== (after === 'applied' ? mesh.version(object) : -1))
        .map((object) => `${who} has the wrong ${keyOf(object)} in ${type}`),
    );
    return [...behind, ...(draining + warming > 0 ? [`${who} drains or warms`] : [])];
  });
}

test('Never returns before every proxy enforces the change, whatever the order of events', async () => {
  const kinds = fc.uniqueArray(
    fc.constantFrom('AuthorizationPolicy', 'PeerAuthentication', 'DestinationRule', 'VirtualService', 'HTTPRoute'),
    {
      minLength: 1,
    },
  );
  const scene = fc.record({
    seed: fc.integer(),
    proxies: fc.integer({ min: 1, max: 3 }),
    kinds,
    haste: fc.integer({ min: 4, max: 12 }),
    noise: fc.boolean(),
  });
  // Many run in parallel, because each of them mostly waits for the event loop.
  const scenes = fc.array(scene, { minLength: 90, maxLength: 90 });
  const property = fc.asyncProperty(scenes, async (batch) => {
    await Promise.all(
      batch.map(async ({ seed, proxies, kinds, haste, noise }) => {
        const mesh = new SimulatedMesh(seed, NAMESPACE, proxies);
        mesh.haste = haste;
        if (noise) mesh.chaos.clustersOnly = 2;
        const objects = kinds.map((kind) => policy(kind));
        for (const object of objects) mesh.write(object);
        await run(mesh, objects, 'applied');
        assert.deepEqual(tooEarly(mesh, objects, 'applied'), []);
        for (const object of objects) mesh.delete(object);
        await run(mesh, objects, 'removed');
        assert.deepEqual(tooEarly(mesh, objects, 'removed'), []);
      }),
    );
  });
  await fc.assert(property, { numRuns: 1, endOnFailure: true });
});

test('Tolerates proxies that restart in the meantime', async () => {
  await Promise.all(
    Array.from({ length: 24 }, async (_, seed) => {
      const mesh = new SimulatedMesh(seed, NAMESPACE, 3);
      mesh.chaos.restart = 4;
      const object = policy('AuthorizationPolicy');
      mesh.write(object);
      await run(mesh, [object], 'applied');
      // A proxy that has just restarted has no configuration, and does not serve yet.
      const serving = mesh.proxies.filter(({ applied }) => applied.has('lds'));
      const behind = serving.filter(({ applied }) => applied.get('lds')?.get(keyOf(object)) === undefined);
      expect(behind).toEqual([]);
    }),
  );
});

test('Places no sentinel while istiod lacks one of the objects', async () => {
  const mesh = new SimulatedMesh(1, NAMESPACE, 2);
  const objects = [policy('DestinationRule'), policy('AuthorizationPolicy')];
  mesh.stalled.add('AuthorizationPolicy');
  for (const object of objects) mesh.write(object);
  const failure = run(mesh, objects, 'applied', { timeoutMs: 150 });
  await expect(failure).rejects.toMatchObject({
    code: 'NOT_CONVERGED',
    message: expect.stringMatching(/current AuthorizationPolicy rig\/one$/),
  });
  expect(mesh.applied).toEqual([]);
  mesh.stalled.clear();
  await run(mesh, objects, 'applied');
  expect(mesh.applied.every((key) => key.endsWith(SENTINEL_NAME))).toBe(true);
  expect(tooEarly(mesh, objects, 'applied')).toEqual([]);
});

test("Does not accept an older version in istiod's store", async () => {
  for (const [kind, words] of [
    ['AuthorizationPolicy', 'istiod does not list the current AuthorizationPolicy rig/one'],
    ['HTTPRoute', 'istiod has not written the status of HTTPRoute/one.rig'],
  ] as const) {
    const mesh = new SimulatedMesh(2, NAMESPACE, 1);
    const object = policy(kind);
    mesh.write(object);
    await run(mesh, [object], 'applied');
    mesh.stalled.add(kind);
    mesh.write(object);
    const message = expect.stringContaining(words);
    await expect(run(mesh, [object], 'applied', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'NOT_CONVERGED', message });
  }
});

test('Waits until istiod has dropped everything derived from a removed route', async () => {
  const mesh = new SimulatedMesh(8, NAMESPACE, 1);
  const route = policy('HTTPRoute');
  mesh.write(route);
  await run(mesh, [route], 'applied');
  mesh.stalled.add('HTTPRoute');
  mesh.delete(route);
  const message = expect.stringContaining('istiod still acts on HTTPRoute/one.rig');
  await expect(run(mesh, [route], 'removed', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'NOT_CONVERGED', message });
});

test("Reports a configuration that a proxy rejects, with the proxy's reason", async () => {
  const mesh = new SimulatedMesh(3, NAMESPACE, 2);
  const bad = policy('AuthorizationPolicy');
  mesh.refused.add(keyOf(bad));
  mesh.write(bad);
  await expect(run(mesh, [bad], 'applied')).rejects.toMatchObject({
    code: 'CONFIG_REJECTED',
    message: expect.stringMatching(/rejected LDS: no such filter$/),
  });
  mesh.delete(bad);
  await run(mesh, [bad], 'removed');
  expect(tooEarly(mesh, [bad], 'removed')).toEqual([]);
});

test('Names the one proxy that is behind at the timeout', async () => {
  const mesh = new SimulatedMesh(4, NAMESPACE, 2);
  const mute = mesh.addProxy('mute');
  Object.defineProperty(mute, 'outbox', { get: () => [] });
  const object = policy('PeerAuthentication');
  mesh.write(object);
  const message = expect.stringMatching(/did not converge within .* s: the proxy of mute has not acknowledged cds, eds, lds, rds$/);
  await expect(run(mesh, [object], 'applied', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'NOT_CONVERGED', message });
});

test('Fails at once for an object that was never applied', async () => {
  const mesh = new SimulatedMesh(5, NAMESPACE, 1);
  for (const kind of ['AuthorizationPolicy', 'HTTPRoute']) {
    await expect(run(mesh, [policy(kind)], 'applied')).rejects.toMatchObject({ code: 'NOT_APPLIED' });
  }
});

test('Fails for a namespace without proxies, unless it may have none', async () => {
  const mesh = new SimulatedMesh(6, NAMESPACE, 0);
  const object = policy('AuthorizationPolicy');
  mesh.write(object);
  await expect(run(mesh, [object], 'applied')).rejects.toMatchObject({
    code: 'PROXY_MISSING',
    message: expect.stringContaining(NAMESPACE),
  });
  await run(mesh, [object], 'applied', { mayBeEmpty: true });
  expect(mesh.applied).toEqual([]);
});

test("Stops with the signal's reason when it is aborted", async () => {
  const mesh = new SimulatedMesh(7, NAMESPACE, 1);
  mesh.stalled.add('AuthorizationPolicy');
  const object = policy('AuthorizationPolicy');
  mesh.write(object);
  const stop = new AbortController();
  const failure = run(mesh, [object], 'applied', { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(failure).rejects.toThrow('enough');
});
