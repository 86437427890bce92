import { expect, test } from '@playwright/test';

import { samplesFor } from '../../clusters/existing/samples.ts';
import { FACTS } from '../../clusters/istio/facts.ts';
import type { ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { ObjectApi } from '../../clusters/kubernetes/object-api.ts';
import { rigObjects } from '../../clusters/rigs/rig.ts';
import { SAMPLES } from './samples.ts';

const DATA = { '.dockerconfigjson': 'e30=' };
const cluster = (type: string): ObjectApi =>
  ({
    get: async ({ namespace, name }: ObjectRef) =>
      `${namespace}/${name}` === 'ci/registry' ? { metadata: { name }, type, data: { ...DATA, 'ca.key': 'cHJpdmF0ZQ==' } } : undefined,
  }) as unknown as ObjectApi;
const credentials = { type: 'kubernetes.io/dockerconfigjson', data: DATA };
const provider = { kind: 'existing', sampleImage: 'registry.example.com/node:24', pullSecret: 'ci/registry' } as const;

test('Pulls the sample image from the given registry with the given Secret', async () => {
  const samples = await samplesFor(cluster(credentials.type), provider);
  expect(samples.image).toBe('registry.example.com/node:24');
  // Nothing else in the Secret is copied.
  expect(samples.credentials).toEqual(credentials);
  const { image } = await samplesFor(cluster(''), { kind: 'existing', registry: 'registry.example.com/mirror' });
  expect(image).toBe(`registry.example.com/mirror/library/node:${process.versions.node}-slim`);
});

test('Rejects a Secret that nodes cannot pull with before creating anything', async () => {
  const opaque = samplesFor(cluster('Opaque'), provider);
  await expect(opaque).rejects.toMatchObject({
    code: 'PULL_SECRET_UNFIT',
    message: expect.stringContaining('ci/registry is of type Opaque'),
  });
  await expect(samplesFor(cluster('kubernetes.io/dockercfg'), provider)).rejects.toMatchObject({
    code: 'PULL_SECRET_UNFIT',
    message: expect.stringContaining('ci/registry has no .dockercfg'),
  });
  const missing = samplesFor(cluster(credentials.type), { ...provider, pullSecret: 'ci/other' });
  await expect(missing).rejects.toMatchObject({ code: 'PULL_SECRET_UNFIT', message: expect.stringContaining('does not exist') });
});

test('Copies the Secret to each namespace of a rig, and makes its accounts and pods use it', () => {
  const imagePullSecrets = [{ name: 'meshproof-pull' }];
  const objects = rigObjects('rig', { ...SAMPLES, credentials }, FACTS);
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  expect(of('Secret').map(({ metadata }) => metadata)).toEqual(
    ['rig', 'rig-neighbour', 'rig-unmeshed'].map((namespace) => ({ name: 'meshproof-pull', namespace })),
  );
  for (const account of of('ServiceAccount')) expect(account).toMatchObject({ imagePullSecrets });
  for (const deployment of of('Deployment')) expect(deployment).toMatchObject({ spec: { template: { spec: { imagePullSecrets } } } });
  expect(JSON.stringify(rigObjects('rig', SAMPLES, FACTS))).not.toContain('imagePullSecrets');
});
