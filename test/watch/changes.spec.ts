import { expect, test } from '@playwright/test';

import type { Pod } from '../../clusters/kubernetes/pods.ts';
import { changesBetween, deploymentTraits, podTraits, webhookTraits } from '../../fixtures/watch/changes.ts';

const metadata = { name: 'a', uid: '1', resourceVersion: '1', creationTimestamp: '', generation: 4 };
const authority = (caBundle: string) => ({
  apiVersion: '',
  kind: '',
  metadata,
  webhooks: [{ name: 'x', failurePolicy: 'Fail', clientConfig: { caBundle, service: { name: 'istiod', namespace: 'mesh' } } }],
});

test('Reports what is new, gone or different, and nothing else', () => {
  const before = new Map([
    ['Pod mesh/one', { state: 'ready', image: 'pilot:1' }],
    ['Pod mesh/two', { state: 'ready', image: 'pilot:1' }],
    ['Pod mesh/same', { state: 'ready', image: 'pilot:1' }],
  ]);
  const after = new Map([
    ['Pod mesh/one', { state: 'terminating', image: 'pilot:1' }],
    ['Pod mesh/same', { state: 'ready', image: 'pilot:1' }],
    ['Pod mesh/three', { state: 'not ready', image: 'pilot:2' }],
  ]);
  expect(changesBetween(before, after)).toEqual([
    'Pod mesh/two is gone',
    'Pod mesh/one: state ready → terminating',
    'Pod mesh/three is new (state not ready, image pilot:2)',
  ]);
  expect(changesBetween(after, after)).toEqual([]);
});

test('Describes a pod by its state, its restarts and the image of its proxy', () => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      containers: [{ name: 'app', image: 'node:24' }],
      initContainers: [{ name: 'proxy', image: 'registry.test/mesh/proxyv2:1.31' }],
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'app', ready: true, restartCount: 2 }] },
  };
  expect(podTraits(pod, 'proxy')).toEqual({ state: 'ready', image: 'proxyv2:1.31', restarts: '2' });
  expect(podTraits({ ...pod, metadata: { ...metadata, deletionTimestamp: 'now' } }, 'none')).toMatchObject({
    state: 'terminating',
    image: 'node:24',
  });
});

test('Describes a Deployment by its replicas and images, and a webhook by what it calls and trusts', () => {
  const spec = { replicas: 0, template: { spec: { containers: [{ name: 'a', image: 'x/pilot@sha256:0123456789abcdef' }] } } };
  expect(deploymentTraits({ apiVersion: '', kind: '', metadata, spec })).toEqual({
    generation: '4',
    replicas: '0',
    ready: '0',
    images: 'pilot@0123456789ab',
  });
  const [one, other] = [webhookTraits(authority('a')), webhookTraits(authority('b'))];
  expect(one).toMatchObject({ generation: '4', calls: 'mesh/istiod', 'on failure': 'Fail' });
  expect(one['authority']).not.toBe(other['authority']);
});
