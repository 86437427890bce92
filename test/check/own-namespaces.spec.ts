import { expect, test } from '@playwright/test';

import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { ObjectApi } from '../../clusters/kubernetes/object-api.ts';
import { isForChecks, OWNER_LABEL } from '../../clusters/rigs/rig.ts';
import { claim } from '../../fixtures/check/own-namespaces.ts';

const place = { rig: 'run-rig-1', owner: 'run' };

const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** An API with one namespace, and a log of what was done to it. */
function apiWith(live?: { owner?: string; isGoing?: boolean; alsoBy?: string }): { api: ObjectApi; done: string[] } {
  const done: string[] = [];
  const labels = live?.owner === undefined ? {} : { [OWNER_LABEL]: live.owner };
  const managedFields = ['meshproof', ...(live?.alsoBy === undefined ? [] : [live.alsoBy])].map((manager) => ({
    manager,
    operation: 'Apply',
  }));
  const going = live?.isGoing === true ? { deletionTimestamp: 'now' } : {};
  const metadata = { name: 'run-rig-1-later', uid: 'u1', labels, managedFields, ...going };
  const api = {
    get: async () => (live === undefined ? undefined : { metadata }),
    gone: async ({ name }: { name: string }, uid: string) => void done.push(`waited for ${name} ${uid}`),
    remove: async (objects: LiveObject[]) => void done.push(...objects.map(({ metadata: { name, uid } }) => `removed ${name} ${uid}`)),
  };
  return { api: api as unknown as ObjectApi, done };
}

test("Lets a check create namespaces with the rig's prefix, except those of the rig itself", () => {
  expect(isForChecks('run-rig-1-later', 'run-rig-1')).toBe(true);
  for (const name of ['run-rig-1', 'run-rig-1-unmeshed', 'run-rig-1-neighbour', 'run-rig-10', 'run-rig-10-later', 'default']) {
    expect(isForChecks(name, 'run-rig-1'), name).toBe(false);
  }
});

test('Does nothing for a namespace that does not exist', async () => {
  const { api, done } = apiWith();
  await claim(api, [namespace('run-rig-1-later')], place);
  expect(done).toEqual([]);
});

test('Waits for a terminating namespace, and removes what a killed run left', async () => {
  for (const [isGoing, what] of [
    [true, 'waited for run-rig-1-later u1'],
    [false, 'removed run-rig-1-later u1'],
  ] as const) {
    const { api, done } = apiWith({ owner: 'run', isGoing });
    await claim(api, [namespace('run-rig-1-later')], place);
    expect(done).toEqual([what]);
  }
});

test('Never claims a namespace of another owner or of the rig', async () => {
  const refused = { code: 'NAMESPACE_NOT_OURS' };
  await expect(claim(apiWith({}).api, [namespace('run-rig-1-later')], place)).rejects.toMatchObject(refused);
  await expect(claim(apiWith({ owner: 'other' }).api, [namespace('run-rig-1-later')], place)).rejects.toMatchObject(refused);
  const shared = apiWith({ owner: 'run', alsoBy: 'argocd-controller' });
  await expect(claim(shared.api, [namespace('run-rig-1-later')], place)).rejects.toMatchObject(refused);
  expect(shared.done).toEqual([]);
  await expect(claim(apiWith().api, [namespace('run-rig-1-unmeshed')], place)).rejects.toMatchObject(refused);
});
