import { MeshproofError } from '../../errors.ts';
import type { Manifest, PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess, PodObject } from '../../mesh/access.ts';
import { PROXY_CONTAINER, withProxy } from '../proxy/admin.ts';
import { sentinelOf, SENTINEL_NAME, SENTINEL_PORT, type InboundKind } from './sentinel.ts';

/** With this log directive a proxy logs each policy that it receives for a port of its pod, which it reports nowhere else. */
export const POLICY_LOG = 'linkerd_app_inbound::policy::api=debug';
const LOG_VARIABLE = 'LINKERD2_PROXY_LOG';
const LINE = new RegExp(String.raw`watch\{port=${SENTINEL_PORT}\}.*policy=ServerPolicy`);

/** Follows the inbound sides of a namespace's pods until they have what the control plane sends them. */
export class InboundSides {
  readonly #access: ClusterAccess;
  readonly #namespace: string;
  readonly #shown: readonly string[];
  readonly #since: Date;
  #behind: readonly PodRef[];

  private constructor(access: ClusterAccess, namespace: string, pods: readonly PodRef[], shown: readonly string[], since: Date) {
    this.#access = access;
    this.#namespace = namespace;
    this.#behind = pods;
    this.#shown = shown;
    this.#since = since;
  }

  /**
   * Places the sentinels after what was applied or removed.
   * @throws MeshproofError `CONVERGENCE_UNSEEN` if there are proxies and none of them logs its policies
   */
  static async begin(
    access: ClusterAccess,
    namespace: string,
    kinds: ReadonlySet<InboundKind>,
    signal?: AbortSignal,
  ): Promise<InboundSides> {
    const pods = withProxy(await access.pods(namespace, undefined, signal)).filter(hasSentinelPort);
    const telling = pods.filter(tellsPolicies);
    if (telling.length === 0 && pods.length > 0) {
      throw new MeshproofError('CONVERGENCE_UNSEEN', `no proxy of ${namespace} logs the policies that it receives`, {
        hint: `start its pods with the annotation config.linkerd.io/proxy-log-level: warn,linkerd=info,${POLICY_LOG}`,
      });
    }
    // Log timestamps are requested with a resolution of one second.
    const since = new Date(Date.now() - 1_000);
    if (telling.length === 0) return new InboundSides(access, namespace, [], [], since);
    const server = await access.get(reference(namespace), namespace, signal);
    const { objects, shown } = sentinelOf(kinds, namespace, server);
    await access.apply(objects, namespace, signal);
    return new InboundSides(
      access,
      namespace,
      telling.map(({ metadata }) => metadata),
      shown,
      since,
    );
  }

  /** Whether the last policy that each proxy has logged for the sentinel's port is the one that was placed. */
  async haveConverged(): Promise<boolean> {
    const looks = this.#behind.map(async (pod) => {
      const log = await this.#access.logsSince(pod, PROXY_CONTAINER, this.#since).catch(() => '');
      return showsAll(log, this.#shown) ? [] : [pod];
    });
    this.#behind = (await Promise.all(looks)).flat();
    return this.#behind.length === 0;
  }

  /** Describes which proxies are behind. */
  lacking(): string[] {
    return this.#behind.map(({ name }) => `the proxy of ${this.#namespace}/${name} has not received the sentinel's policy`);
  }
}

/** Whether the last policy of the sentinel's port in a proxy's log contains all these texts. */
export function showsAll(log: string, shown: readonly string[]): boolean {
  const last = log.split('\n').findLast((line) => LINE.test(line)) ?? '';
  return last !== '' && shown.every((text) => last.includes(text));
}

const reference = (namespace: string): Manifest => ({
  apiVersion: 'policy.linkerd.io/v1beta3',
  kind: 'Server',
  metadata: { name: SENTINEL_NAME, namespace },
});

/** A proxy receives the policies of all ports that its pod declares, without requests. */
function hasSentinelPort({ spec }: PodObject): boolean {
  return spec.containers.some(({ ports = [] }) => ports.some(({ containerPort }) => containerPort === SENTINEL_PORT));
}

function tellsPolicies({ spec }: PodObject): boolean {
  const proxy = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === PROXY_CONTAINER);
  return proxy?.env?.some(({ name, value }) => name === LOG_VARIABLE && value?.includes(POLICY_LOG)) === true;
}
