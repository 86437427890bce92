import { expect, test } from '@playwright/test';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshInjector } from '../../clusters/mesh/adapter.ts';
import { injectedByHand } from '../../fixtures/check/by-hand.ts';

const workload = (name: string, annotations: Record<string, string> = {}): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, annotations },
});

/** Marks the objects that it injects. */
const injector: MeshInjector = {
  inject: async (objects) => objects.map((object) => ({ ...object, injected: true })),
  disable: async () => undefined,
  restore: async () => undefined,
  outages: async () => [],
};

test("Injects annotated objects with the mesh's tool, and no others", async () => {
  const [plain, asked, other] = [
    workload('a'),
    workload('b', { 'meshproof.dev/inject': 'manual' }),
    workload('c', { 'meshproof.dev/inject': 'no' }),
  ];
  const objects = await injectedByHand([plain, asked, other], { injector });
  expect(objects).toEqual([plain, other, { ...asked, injected: true }]);
});

test("Does not ask for the mesh's tool if no object needs it", async () => {
  const mesh = {
    get injector(): MeshInjector {
      throw new Error('there is none');
    },
  };
  expect(await injectedByHand([workload('a')], mesh)).toEqual([workload('a')]);
});
