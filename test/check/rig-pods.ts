import type { Pod } from '../../clusters/kubernetes/pods.ts';
import type { EndpointSlice } from '../../fixtures/check/lapses.ts';

interface PodState {
  uid?: string;
  ready?: boolean;
  /** When it became ready. */
  since?: string;
  deleting?: boolean;
  container?: { containerID?: string; restartCount?: number; reason?: string };
}

/** A pod with one container, as the API server returns it. */
export function podOf(
  name: string,
  { uid = name, ready = true, since = '2026-11-29T11:00:00Z', deleting = false, container = {} }: PodState = {},
): Pod {
  const { containerID = 'a', restartCount = 0, reason } = container;
  const ended = reason === undefined ? {} : { lastState: { terminated: { reason, exitCode: 137 } } };
  const about = { name, namespace: 'rig', uid, resourceVersion: '1', creationTimestamp: '' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...about, ...(deleting ? { deletionTimestamp: '2026-11-29T12:00:00Z' } : {}) },
    spec: { containers: [{ name: 'app' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }],
      containerStatuses: [{ name: 'app', ready, restartCount, containerID, state: {}, ...ended }],
    },
  };
}

/** The EndpointSlice of a Service backed by these pods. */
export function sliceOf(service: string, ...pods: string[]): EndpointSlice {
  const about = { name: `${service}-x`, uid: service, resourceVersion: '1', creationTimestamp: '' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...about, labels: { 'kubernetes.io/service-name': service } },
    endpoints: pods.map((name) => ({ conditions: { ready: true }, targetRef: { kind: 'Pod', name } })),
  };
}
