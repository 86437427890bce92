import { SENTINEL_PORT } from '../../clusters/linkerd/convergence/sentinel.ts';
import type { Manifest, PodRef } from '../../clusters/kubernetes/manifest.ts';
import { isObject } from '../../clusters/kubernetes/merge-patch.ts';
import type { ClusterAccess, PodObject } from '../../clusters/mesh/access.ts';
import type { Caller } from '../../clusters/mesh/adapter.ts';

const LOG = 'warn,linkerd_app_inbound::policy::api=debug';

export function pod(name: string, { namespace = 'rig', log = LOG, port = SENTINEL_PORT } = {}): PodObject {
  const proxy = { name: 'linkerd-proxy', image: 'example.test/proxy:1', env: [{ name: 'LINKERD2_PROXY_LOG', value: log }] };
  return {
    metadata: { namespace, name, uid: name, annotations: { 'linkerd.io/proxy-version': '1' } },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: port }] }], initContainers: [proxy], serviceAccountName: 'frontend' },
    status: { phase: 'Running' },
  };
}

/** A control plane that sends a policy to proxies some polls after it was applied, and callers' proxies that apply it some polls later. */
export class SimulatedLinkerd implements ClusterAccess {
  readonly stored = new Map<string, Manifest>();
  /** Number of polls of a log until it contains the policy; Infinity for never. */
  givenAfter = 3;
  looks = 0;
  readonly #pods: readonly PodObject[];
  #log = '';
  #pending = '';

  constructor(pods: readonly PodObject[]) {
    this.#pods = pods;
  }

  async apply(objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) this.stored.set(`${object.kind}/${object.metadata.name}`, object);
    this.looks = 0;
    const texts = objects.map(({ spec }) => JSON.stringify(spec)).join(' ');
    const access = /"accessPolicy":("[^"]+")/.exec(texts)?.[1] ?? '';
    this.#pending = `[ 1.2s] DEBUG ThreadId(01) watch{port=${SENTINEL_PORT}}: linkerd_app_inbound::policy::api: policy=ServerPolicy { meta: ${access}, ${texts} }\n`;
  }

  async get({ kind, metadata }: Manifest): Promise<Manifest | undefined> {
    return this.stored.get(`${kind}/${metadata.name}`);
  }

  async list<T extends Manifest>(): Promise<T[]> {
    return [];
  }

  async pods(namespace: string | undefined): Promise<PodObject[]> {
    return this.#pods.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }

  async logsSince(): Promise<string> {
    if (++this.looks === this.givenAfter) this.#log += this.#pending;
    return this.#log;
  }

  async logs(): Promise<string> {
    return '';
  }

  async fetchText(): Promise<string> {
    throw new Error('connection refused');
  }

  connection(): never {
    throw new Error('nothing connects');
  }
}

/** A caller whose proxy applies a route from a certain request on; a profile takes effect only after a pause without requests. */
export class SimulatedCaller implements Caller {
  readonly pod: PodRef;
  asked: string[] = [];
  acts: (question: number, idleMs: number) => boolean;
  #last = -Infinity;

  constructor(name: string, acts: (question: number, idleMs: number) => boolean, namespace = 'rig') {
    this.pod = { namespace, name };
    this.acts = acts;
  }

  async get(target: string, path: string): Promise<{ status: number; headers: Record<string, string> }> {
    const now = performance.now();
    const idleMs = now - this.#last;
    this.#last = now;
    this.asked.push(`${target}${path}`);
    if (!this.acts(this.asked.length, idleMs)) return { status: 204, headers: {} };
    if (path.includes('/slow/')) return { status: 504, headers: { 'l5d-proxy-error': 'HTTP response timeout after 50ms' } };
    return { status: 302, headers: { location: `http://marker.meshproof.invalid${path}` } };
  }
}

/** The paths in the rules of a route, or in the conditions of a profile. */
export function pathsIn({ spec }: Manifest): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string' && value.startsWith('/')) found.push(value);
    else if (Array.isArray(value)) value.forEach(walk);
    else if (isObject(value)) Object.values(value).forEach(walk);
  };
  walk(spec);
  return found;
}
