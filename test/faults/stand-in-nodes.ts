import type { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import type { PathLook, PathProbe } from '../../clusters/kind/path-probe.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { NetworkPlace } from '../../fixtures/faults/network-fault.ts';

const READY = [{ type: 'Ready', status: 'True' }];
const UNTOUCHED: PathLook = { old: 'open', fresh: 'open', ms: 1 };

/** A cluster whose pods and nodes are what a test makes of them. */
export class StandInNodes {
  /** The ready pods that a list returns. */
  pods = ['pod'];
  /** What the path to the pod looks like while a change is applied. */
  look: PathLook = UNTOUCHED;
  dropped = 0;
  /** The processes of the proxy while it is meant to be stopped. */
  processes = { stopped: 0, running: 2 };
  /** The processes that are killed, and how many of them live on. */
  killed = { processes: ['10:1', '11:1'], living: 0 };
  /** How often the kubelet has started the container. */
  starts = 1;
  /** The error of the command that stops or kills processes. */
  refusal: Error | undefined;
  /** Whether a node holds a change. */
  held = false;
  readonly marked = new Set<string>();

  readonly api = {
    get: async ({ name }: { name: string }) => ({
      metadata: { name, uid: name },
      spec: { nodeName: 'node' },
      status: { podIP: '10.0.0.1', conditions: READY, containerStatuses: this.#containers() },
    }),
    patch: async ({ name }: { name: string }, { metadata: { labels } }: { metadata: { labels: Record<string, unknown> } }) => {
      const isMarked = Object.values(labels).every((value) => value !== null);
      if (isMarked) this.marked.add(name);
      else this.marked.delete(name);
    },
    list: async () => this.pods.map((name) => ({ metadata: { name }, status: { conditions: READY } })),
    podsReady: async () => undefined,
  };

  readonly place: NetworkPlace = {
    cluster: {} as NetworkPlace['cluster'],
    api: this.api as unknown as KubernetesApi,
    namespace: 'rig',
    owner: 'run',
    proxyUser: 1337,
    nodes: async () => ({
      openPath: async () => this.#probe(),
      changeNetwork: async () => this.#hold(),
      droppedBy: async () => this.dropped,
      stopInPod: async () => {
        if (this.refusal !== undefined) throw this.refusal;
        return this.#hold();
      },
      killInPod: async () => {
        if (this.refusal !== undefined) throw this.refusal;
        return this.killed.processes;
      },
      livingAmong: async () => this.killed.living,
      stoppedInPod: async () => (this.held ? this.processes : { stopped: 0, running: 2 }),
    }),
  };

  #containers(): object[] {
    return [{ name: 'app', containerID: `app-${this.starts}`, state: { running: { startedAt: '' } } }];
  }

  #probe(): PathProbe {
    return { look: async () => (this.held ? this.look : UNTOUCHED), close: () => undefined } as unknown as PathProbe;
  }

  #hold(): LeasedProcess {
    this.held = true;
    const lasts = () => this.held;
    return {
      get lasts() {
        return lasts();
      },
      end: async () => void (this.held = false),
    } as LeasedProcess;
  }
}
