import type { Condition, LiveObject } from './live-object.ts';

interface Terminated {
  reason?: string;
  exitCode: number;
  message?: string;
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  containerID?: string;
  state?: {
    running?: { startedAt: string };
    waiting?: { reason?: string; message?: string };
    terminated?: Terminated;
  };
  /** How the previous instance ended. */
  lastState?: { terminated?: Terminated };
}

/** The fields of a pod that the harness reads. */
export interface Pod extends LiveObject {
  spec: {
    nodeName?: string;
    serviceAccountName?: string;
    containers: { name: string; image?: string }[];
    initContainers?: { name: string; image?: string }[];
  };
  status?: {
    phase?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** Whether the pod serves requests: it is Ready and not terminating. */
export function isReady(pod: Pod): boolean {
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && pod.metadata.deletionTimestamp === undefined;
}

/** Why a pod is not ready, in a few words that name the container. */
export function whyNotReady(pod: Pod): string {
  return `${pod.metadata.name} ${reason(pod)}`;
}

function reason({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return 'is terminating';
  const unscheduled = status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled !== undefined) return `is not scheduled: ${unscheduled.message ?? unscheduled.reason ?? ''}`;
  for (const { name, ready, restartCount, state } of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const restarts = restartCount > 0 ? ` after ${restartCount} restarts` : '';
    const stopped = state?.waiting ?? state?.terminated;
    if (ready || stopped === undefined || stopped.reason === 'Completed') continue;
    const said = stopped.message === undefined ? '' : `: ${stopped.message}`;
    return `container ${name} ${state?.waiting ? 'is waiting' : 'ended'} (${stopped.reason ?? 'no reason given'})${restarts}${said}`;
  }
  const unready = status?.containerStatuses?.find(({ ready }) => !ready);
  return unready === undefined ? `is ${status?.phase ?? 'not started'}` : `container ${unready.name} is running but not ready`;
}
