import { FACTS } from '../../clusters/istio/facts.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { OWNER_LABEL, RIG_LABEL } from '../../clusters/rigs/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { journalled, LEASE, ours, RIG, settings, STRICT, strict } from './journalled.ts';
import { SETTINGS } from './stand-in-rigs.ts';

/** Writes to the API server, in order. */
const writes = (server: StandInApi): string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

test('Journals an object before applying it, labelled with its cluster and rig', async ({ api, server }) => {
  const changes = await journalled(api);
  server.requests.length = 0;
  await changes.apply([strict]);
  expect(writes(server)).toEqual(['PATCH meshproof', 'PATCH default-strict']);
  expect(server.objects.get(STRICT)?.metadata['labels']).toEqual({ [OWNER_LABEL]: 'run', [RIG_LABEL]: RIG });
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects).toEqual([
    { apiVersion: 'security.istio.io/v1beta1', kind: 'PeerAuthentication', name: 'default-strict', namespace: 'istio-system' },
  ]);
});

test('Does not journal an object again that it already created', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.requests.length = 0;
  await changes.apply([{ ...strict, spec: { mtls: { mode: 'PERMISSIVE' } } }]);
  expect(writes(server)).toEqual(['PATCH default-strict']);
});

test('Refuses to apply over an object of others, names its creator, and applies nothing else', async ({ api, server }) => {
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

test('Refuses to apply over an object that it created for another cluster or that others also apply', async ({ api, server }) => {
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

test('Applies a new object without force, so that a concurrent creator is not overwritten', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  await changes.apply([strict]);
  const forced = server.requests.filter(({ path, method }) => method === 'PATCH' && path === STRICT).map(({ query }) => query.get('force'));
  expect(forced).toEqual(['false', 'true']);
});

test('Refuses changes of an interrupted body, and waits for pending ones', async ({ api, server }) => {
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

test('Drops a change that was interrupted before it was journalled', async ({ api, server }) => {
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

test('Keeps an object of another manager in the clean-up after applying it was refused', async ({ api, server }) => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' }];
  server.put(STRICT, { ...strict, metadata: { ...strict.metadata, managedFields } });
  const mesh = { facts: FACTS, converge: async () => ({ enforcedMs: 1, stages: {} }) };
  const rig = { api, changes: await journalled(api), mesh, settings: SETTINGS, namespace: RIG, owner: 'run' } as unknown as Rig;
  const applied = new AppliedConfig(rig);
  await expect(applied.reconcile([strict])).rejects.toMatchObject({ code: 'NOT_OURS' });
  await applied.reconcile([]);
  expect(server.objects.has(STRICT)).toBe(true);
});

test('Keeps in the clean-up what another manager took over during the check', async ({ api, server }) => {
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

test('Journals all of several concurrent changes', async ({ api }) => {
  const changes = await journalled(api);
  await Promise.all(['a', 'b', 'c'].map((name) => changes.apply([settings(name)], { namespace: RIG })));
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
});
