import { FACTS } from '../../clusters/istio/facts.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { OWNER_LABEL, RIG_LABEL } from '../../clusters/rigs/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { journalled, LEASE, ours, RIG, settings, STRICT, strict } from './journalled.ts';
import { SETTINGS } from './stand-in-rigs.ts';

/** Writes to the API server, in their order. */
const writes = (server: StandInApi): string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

test('what is applied is in the journal before it is there, and carries the names of its cluster and its rig', async ({ api, server }) => {
  const changes = await journalled(api);
  server.requests.length = 0;
  await changes.apply([strict]);
  expect(writes(server)).toEqual(['PATCH meshproof', 'PATCH default-strict']);
  expect(server.objects.get(STRICT)?.metadata['labels']).toEqual({ [OWNER_LABEL]: 'run', [RIG_LABEL]: RIG });
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects).toEqual([
    { apiVersion: 'security.istio.io/v1beta1', kind: 'PeerAuthentication', name: 'default-strict', namespace: 'istio-system' },
  ]);
});

test('what stood before is known already, and is not written down again', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.requests.length = 0;
  await changes.apply([{ ...strict, spec: { mtls: { mode: 'PERMISSIVE' } } }]);
  expect(writes(server)).toEqual(['PATCH default-strict']);
});

test('an object that others made ends the check with its name and maker, before anything is applied', async ({ api, server }) => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' }];
  server.put(STRICT, { ...strict, metadata: { ...strict.metadata, managedFields } });
  const changes = await journalled(api);
  server.requests.length = 0;
  await expect(changes.apply([settings('harmless'), strict], { namespace: RIG })).rejects.toMatchObject({
    code: 'NOT_OURS',
    message: 'PeerAuthentication istio-system/default-strict already exists: it was created or is managed by argocd-controller',
  });
  expect(writes(server)).toEqual([]);
});

test('nor is an object taken that meshproof made for another cluster, or that others apply as well', async ({ api, server }) => {
  const changes = await journalled(api);
  const put = (owner: string, managedFields: object[]) =>
    server.put(STRICT, { ...strict, metadata: { ...strict.metadata, labels: { [OWNER_LABEL]: owner }, managedFields } });
  put('other-run', [ours]);
  await expect(changes.apply([strict])).rejects.toMatchObject({ code: 'NOT_OURS', message: expect.stringContaining('for other-run') });
  put('run', [ours, { manager: 'kubectl-client-side-apply', operation: 'Update' }]);
  await expect(changes.apply([strict])).rejects.toMatchObject({ code: 'NOT_OURS' });
  put('run', [ours, { manager: 'kube-controller-manager', operation: 'Update' }]);
  await changes.apply([strict]);
});

test('an object that is new is applied without force, so that nobody who is quicker is overwritten', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  await changes.apply([strict]);
  const forced = server.requests.filter(({ path, method }) => method === 'PATCH' && path === STRICT).map(({ query }) => query.get('force'));
  expect(forced).toEqual(['false', 'true']);
});

test('a body that was cut off can change nothing any more, and what is under way is waited for', async ({ api, server }) => {
  const changes = await journalled(api);
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const underWay = changes.during(() => slow);
  const cutOff = changes.refuseChanges(new Error('time is up'));
  await expect(changes.apply([strict])).rejects.toThrow('time is up');
  await expect(changes.during(async () => undefined)).rejects.toThrow('time is up');
  let ended = false;
  void cutOff.then(() => (ended = true));
  await new Promise((done) => setImmediate(done));
  expect(ended).toBe(false);
  resolve();
  await Promise.all([underWay, cutOff]);
  expect(server.objects.has(STRICT)).toBe(false);
});

test('a change that was cut off before it was journalled is not made afterwards', async ({ api, server }) => {
  const changes = await journalled(api);
  let cutOff: Promise<void> | undefined;
  server.intercept = ({ method, path }) => {
    if (method === 'PATCH' && path === LEASE) cutOff = changes.refuseChanges(new Error('time is up'));
    return undefined;
  };
  await expect(changes.apply([strict])).rejects.toThrow('time is up');
  await cutOff;
  expect(server.objects.has(STRICT)).toBe(false);
});

test('what a check was refused is not taken away either: an object of another manager outlives the clean-up', async ({ api, server }) => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' }];
  server.put(STRICT, { ...strict, metadata: { ...strict.metadata, managedFields } });
  const mesh = { facts: FACTS, converge: async () => ({ enforcedMs: 1, stages: {} }) };
  const rig = { api, changes: await journalled(api), mesh, settings: SETTINGS, namespace: RIG, owner: 'run' } as unknown as Rig;
  const applied = new AppliedConfig(rig);
  await expect(applied.reconcile([strict])).rejects.toMatchObject({ code: 'NOT_OURS' });
  await applied.reconcile([]);
  expect(server.objects.has(STRICT)).toBe(true);
});

test('what another manager took over during a check stays when the check takes its own away', async ({ api, server }) => {
  const changes = await journalled(api);
  const mesh = { facts: FACTS, converge: async () => ({ acknowledgedMs: 1, drainedMs: 1 }) };
  const said: string[] = [];
  const rig = { api, changes, mesh, settings: SETTINGS, namespace: RIG, owner: 'run' } as unknown as Rig;
  const applied = new AppliedConfig(rig, ({ kind }, text) => void said.push(`${kind}: ${text}`));
  await applied.reconcile([strict]);
  Object.assign(server.objects.get(STRICT)?.metadata ?? {}, { managedFields: [ours, { manager: 'flux', operation: 'Apply' }] });
  await applied.reconcile([]);
  expect(server.objects.has(STRICT)).toBe(true);
  expect(said).toEqual(['PeerAuthentication: it stays: it was created or is managed by flux']);
});

test('of several changes at once none is forgotten', async ({ api }) => {
  const changes = await journalled(api);
  await Promise.all(['a', 'b', 'c'].map((name) => changes.apply([settings(name)], { namespace: RIG })));
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
});
