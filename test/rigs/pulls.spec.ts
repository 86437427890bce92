import { expect, test } from '@playwright/test';

import { unpullable } from '../../clusters/existing/pulls.ts';
import type { Pod } from '../../clusters/kubernetes/pods.ts';

const SAMPLE = 'registry.example.com/mirror/library/node:24-slim';
const PROXY = 'docker.io/istio/proxyv2:1.31.0';
const container = (name: string) => ({ name, image: name === 'sample' ? SAMPLE : PROXY });
const status = (name: string, reason: string, message?: string) => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
});

/** A sample with a classic proxy: an init container prepares the pod, and the proxy runs beside the sample. */
const pod = (initContainerStatuses: ReturnType<typeof status>[], containerStatuses: ReturnType<typeof status>[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'caller-1', namespace: 'm-rig-0', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { initContainers: [container('istio-init')], containers: [container('sample'), container('istio-proxy')] },
  status: { initContainerStatuses, containerStatuses },
});

const BACK_OFF = 'Back-off pulling image';

test('Names the sample image if that is the one that cannot be pulled, and the options that change it', () => {
  const problem = unpullable([pod([], [status('sample', 'ImagePullBackOff', BACK_OFF), status('istio-proxy', 'PodInitializing')])], SAMPLE);
  expect(problem).toMatchObject({
    message: `the nodes cannot pull the sample image ${SAMPLE}: ${BACK_OFF}`,
    hint: expect.stringContaining('--sample-image'),
  });
});

test('Names the image and the container of a proxy that cannot be pulled, in an init container too', () => {
  const initialising = [status('sample', 'PodInitializing'), status('istio-proxy', 'PodInitializing')];
  const cases: [Pod, string][] = [
    [pod([status('istio-init', 'ImagePullBackOff', BACK_OFF)], initialising), 'istio-init'],
    [pod([], [status('sample', 'ContainerCreating'), status('istio-proxy', 'ErrImagePull', BACK_OFF)]), 'istio-proxy'],
  ];
  for (const [stuck, name] of cases) {
    const problem = unpullable([pod([], []), stuck], SAMPLE);
    expect(problem?.message).toBe(`the nodes cannot pull ${PROXY} for the container ${name} of m-rig-0/caller-1: ${BACK_OFF}`);
    expect(problem?.hint).toContain('configuration of the mesh');
    expect(problem?.hint).not.toContain('--sample-image');
  }
});

test('Reports the reason if the kubelet gives no message, and waits for containers that are merely starting', () => {
  expect(unpullable([pod([], [status('sample', 'ErrImageNeverPull')])], SAMPLE)?.message).toMatch(/: ErrImageNeverPull$/);
  expect(unpullable([pod([], [status('sample', 'SignatureValidationFailed')])], SAMPLE)?.message).toMatch(/: SignatureValidationFailed$/);
  expect(unpullable([pod([status('istio-init', 'ContainerCreating')], [status('sample', 'CrashLoopBackOff')])], SAMPLE)).toBeUndefined();
  expect(unpullable([], SAMPLE)).toBeUndefined();
});
