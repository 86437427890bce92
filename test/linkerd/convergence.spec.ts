import { expect, test } from '@playwright/test';

import { converge, type Pace } from '../../clusters/linkerd/convergence/convergence.ts';
import { marked } from '../../clusters/linkerd/convergence/marks.ts';
import { SENTINEL_NAME } from '../../clusters/linkerd/convergence/sentinel.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { pathsIn, pod, SimulatedCaller, SimulatedLinkerd } from './simulated-linkerd.ts';

const PACE: Pace = { everyMs: 1, burstMs: 15, forgottenMs: 60 };

const route = (kind = 'Service', name = 'server'): Manifest => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'canary' },
  spec: { parentRefs: [{ group: '', kind, name, port: 8080 }], rules: [{ backendRefs: [{ name: 'server-v1', port: 8080 }] }] },
});
const profile: Manifest = {
  apiVersion: 'linkerd.io/v1alpha2',
  kind: 'ServiceProfile',
  metadata: { name: 'server.rig.svc.cluster.local' },
  spec: { routes: [{ name: 'all', condition: { pathRegex: '/.*' } }] },
};
const policy = (kind: string): Manifest => ({ apiVersion: 'policy.linkerd.io/v1beta3', kind, metadata: { name: 'one' }, spec: {} });

interface Scene {
  callers?: SimulatedCaller[];
  mesh?: SimulatedLinkerd;
  after?: 'applied' | 'removed';
  timeoutMs?: number;
}

function run(objects: readonly Manifest[], { callers = [], mesh = new SimulatedLinkerd([]), after = 'applied', timeoutMs = 2_000 }: Scene) {
  return converge(mesh, { objects, after, namespace: 'rig', callers, timeoutMs }, PACE);
}

test("Waits until every caller's proxy answers a route's marker, and queries each separately", async () => {
  const quick = new SimulatedCaller('caller', () => true);
  const slow = new SimulatedCaller('other', (question) => question > 4);
  const [object] = marked([route()]);
  await run([object as Manifest], { callers: [quick, slow] });
  expect(quick.asked).toHaveLength(1);
  expect(slow.asked).toHaveLength(5);
  expect(slow.asked[0]).toMatch(/^server\.rig:8080\/\.meshproof\/[0-9a-f]{16}$/);
});

test("Queries only callers in a route's own namespace if it is for egress or for a Service elsewhere", async () => {
  const elsewhere: Manifest = { ...route(), spec: { parentRefs: [{ group: '', kind: 'Service', name: 'server', namespace: 'shop' }] } };
  for (const object of marked([route('EgressNetwork', 'outside'), elsewhere])) {
    const [inside, neighbour] = [new SimulatedCaller('caller', () => true), new SimulatedCaller('neighbour', () => false, 'next')];
    await run([object], { callers: [inside, neighbour], timeoutMs: 200 });
    expect([inside.asked.length, neighbour.asked.length]).toEqual([1, 0]);
  }
});

test('Reports a route that is accepted but never takes effect, with its conditions and the proxies', async () => {
  const mesh = new SimulatedLinkerd([]);
  const [object] = marked([route()]);
  const conditions = [{ type: 'Accepted', status: 'True', reason: 'Accepted' }];
  mesh.stored.set('HTTPRoute/canary', { ...(object as Manifest), status: { parents: [{ conditions }] } });
  const callers = [new SimulatedCaller('caller', () => false), new SimulatedCaller('other', () => true)];
  const failure = run([object as Manifest], { callers, mesh, timeoutMs: 40 });
  await expect(failure).rejects.toMatchObject({
    code: 'CONFIG_WITHOUT_EFFECT',
    message: expect.stringMatching(
      /^accepted, but without effect .*: HTTPRoute rig\/canary has no effect in the proxies of caller\. Status: .*Accepted True/,
    ),
  });
});

test('Does not mistake an older version of a route in a proxy for the new one', async () => {
  const [older] = marked([route()]);
  const [newer] = marked([route()]);
  const [before = ''] = pathsIn(older as Manifest);
  const caller = new SimulatedCaller('caller', () => true);
  const answer = caller.get.bind(caller);
  caller.get = async (target, path) => (caller.asked.length < 3 ? await answer(target, before) : await answer(target, path));
  await run([newer as Manifest], { callers: [caller] });
  expect(caller.asked).toHaveLength(4);
});

test('Waits until no proxy answers a removed marker, and queries nothing if the Service is gone', async () => {
  const caller = new SimulatedCaller('caller', (question) => question < 4);
  const objects = marked([route()]);
  await run(objects, { callers: [caller], after: 'removed' });
  expect(caller.asked).toHaveLength(4);
  const stubborn = new SimulatedCaller('caller', () => true);
  await expect(run(objects, { callers: [stubborn], after: 'removed', timeoutMs: 20 })).rejects.toMatchObject({
    code: 'NOT_CONVERGED',
    message: expect.stringContaining('HTTPRoute rig/canary still acts in the proxies of caller'),
  });
  const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server' } };
  const unasked = new SimulatedCaller('caller', () => true);
  await run([...objects, service], { callers: [unasked], after: 'removed' });
  expect(unasked.asked).toEqual([]);
});

test('Pauses between bursts, because a profile takes effect only after proxies forget the service', async () => {
  const caller = new SimulatedCaller('caller', (question, idleMs) => question > 1 && idleMs > 50);
  await run(marked([profile]), { callers: [caller] });
  expect(caller.asked[0]).toMatch(/^server\.rig:8080\/\.meshproof\/slow\//);
});

test('Waits until every proxy that logs policies has received the sentinels of their kinds', async () => {
  const mesh = new SimulatedLinkerd([pod('server-v1'), pod('server-v2'), pod('other-ports', { port: 80 })]);
  mesh.givenAfter = 6;
  await run([policy('Server'), policy('ServerAuthorization')], { mesh });
  expect([...mesh.stored.keys()].toSorted()).toEqual([`Server/${SENTINEL_NAME}`, `ServerAuthorization/${SENTINEL_NAME}`]);
  expect(mesh.looks).toBeGreaterThanOrEqual(6);
  mesh.givenAfter = Infinity;
  await expect(run([policy('Server')], { mesh, after: 'removed', timeoutMs: 20 })).rejects.toMatchObject({
    code: 'NOT_CONVERGED',
    message: expect.stringContaining('server-v1 has not received the sentinel'),
  });
});

test('Fails for proxies that do not log their policies, instead of assuming convergence', async () => {
  const mesh = new SimulatedLinkerd([pod('server-v1', { log: 'warn' })]);
  await expect(run([policy('Server')], { mesh })).rejects.toMatchObject({
    code: 'CONVERGENCE_UNSEEN',
    hint: expect.stringContaining('config.linkerd.io/proxy-log-level'),
  });
  // If nothing concerns them, they are not queried.
  await run([route('Server')], { mesh });
});
