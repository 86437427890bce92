import { rolledOut } from '../../clusters/kubernetes/deployments.ts';
import { expect, test } from './on-stand-in.ts';

const PATH = '/apis/apps/v1/namespaces/shop/deployments/web';
const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } };
const object = (generation: number, status: object) => ({
  ...web,
  metadata: { ...web.metadata, uid: 'u', generation },
  spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
  status,
});
const complete = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

test('Treats a Deployment as rolled out when all its pods are new, available, and the only ones', async ({ server, api }) => {
  server.put(PATH, object(3, complete));
  await rolledOut(api, [web, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other', namespace: 'shop' } }]);
  for (const change of [{ observedGeneration: 2 }, { replicas: 3 }, { updatedReplicas: 1 }, { availableReplicas: 1 }]) {
    server.put(PATH, object(3, { ...complete, ...change }));
    await expect(rolledOut(api, [web], { timeoutMs: 50 }), JSON.stringify(change)).rejects.toMatchObject({ code: 'TIMED_OUT' });
  }
});

test('Waits for a terminating pod, which may still serve requests', async ({ server, api }) => {
  server.put(PATH, object(3, complete));
  const metadata = { name: 'web-0', namespace: 'shop', labels: { app: 'web' }, deletionTimestamp: '2026-01-01T00:00:00Z' };
  server.put('/api/v1/namespaces/shop/pods/web-0', { apiVersion: 'v1', kind: 'Pod', metadata });
  await expect(rolledOut(api, [web], { timeoutMs: 50 })).rejects.toThrow(/web-0/);
});

test('Names the pods of a roll-out that does not end, and why they are not ready', async ({ server, api }) => {
  server.put(PATH, object(3, { ...complete, availableReplicas: 0 }));
  const waiting = { reason: 'ErrImagePull', message: 'no such image' };
  server.put('/api/v1/namespaces/shop/pods/web-1', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', labels: { app: 'web' } },
    status: { phase: 'Pending', containerStatuses: [{ name: 'app', ready: false, restartCount: 0, state: { waiting } }] },
  });
  await expect(rolledOut(api, [web], { timeoutMs: 50 })).rejects.toThrow(
    /Deployment web to roll out.*web-1 container app is waiting \(ErrImagePull\)/,
  );
});
