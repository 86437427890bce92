import { expect, test } from '@playwright/test';

import { loadImageIn, samplesFor, unpinnedIn } from '../../clusters/existing/samples.ts';
import { lock } from '../../clusters/images/lock.ts';
import { K6_IMAGE } from '../../clusters/images/recipes/k6.ts';
import { SAMPLE_IMAGE } from '../../clusters/images/recipes/sample.ts';
import type { ObjectApi } from '../../clusters/kubernetes/object-api.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const PROVIDER = { kind: 'existing', registry: 'registry.example.com/m' } as const;
/** No Secret is read. */
const API = {} as ObjectApi;

test('The nodes of an existing cluster pull by digest what has one in the lock, and the rest is named as unpinned', async () => {
  expect(await unpinnedIn(PROVIDER, true)).toEqual([SAMPLE_IMAGE.name, K6_IMAGE.name]);
  expect(await unpinnedIn({ ...PROVIDER, sampleImage: 'node:24' }, false)).toEqual([]);
  const { images } = await lock();
  images[SAMPLE_IMAGE.name] = DIGEST;
  images[K6_IMAGE.name] = DIGEST;
  try {
    expect((await samplesFor(API, PROVIDER)).image).toBe(`registry.example.com/m/library/node@${DIGEST}`);
    expect(await loadImageIn({ provider: 'existing', registry: PROVIDER.registry })).toBe(`registry.example.com/m/grafana/k6@${DIGEST}`);
    expect(await loadImageIn({ provider: 'kind' })).toBe(K6_IMAGE.name);
    expect(await unpinnedIn(PROVIDER, true)).toEqual([]);
  } finally {
    delete images[SAMPLE_IMAGE.name];
    delete images[K6_IMAGE.name];
  }
});
