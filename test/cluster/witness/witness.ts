import { join } from 'node:path';

import { SAMPLE_IMAGE } from '../../../clusters/images/recipes/sample.ts';
import { KubernetesAccess } from '../../../clusters/mesh/kubernetes-access.ts';
import type { KubernetesApi } from '../../../clusters/kubernetes/api.ts';
import { rolledOut } from '../../../clusters/kubernetes/deployments.ts';
import type { Manifest, PodRef } from '../../../clusters/kubernetes/manifest.ts';
import { readManifests } from '../../../clusters/kubernetes/manifests.ts';
import { isReady, type Pod } from '../../../clusters/kubernetes/pods.ts';
import { agentProgram } from '../../../clusters/rigs/agent.ts';
import { liveOf } from '../../../clusters/rigs/ownership.ts';
import { until } from '../../../clusters/until.ts';
import { withAgents } from '../../../fixtures/check/agents.ts';
import { Authority } from '../../../fixtures/external/authority.ts';
import { differences, parseConfiguration, type Configuration, type Difference } from './configuration.ts';

const NAMESPACE = 'shop';
const ADMIN_PORT = 15000;
/** Bytes from the control plane: every push adds to them, and reading them costs next to nothing. */
const RECEIVED = `/stats?format=json&filter=${encodeURIComponent('^cluster\\.xds-grpc;?\\.upstream_cx_rx_bytes_total$')}`;
const EVERY_MS = 250;
/** Consecutive readings without a change after which the proxies count as idle. */
const QUIET_LOOKS = 20;

/** Differences in the configuration of one of the owner's proxies that were in neither the first reading nor the previous one. */
export interface Sighting {
  /** Milliseconds since 1970. */
  at: number;
  proxy: string;
  /** Differences from the first reading. */
  differences: readonly Difference[];
}

/** Creates what the owner of a mesh might have in it, by `apply`, and returns once its proxies are ready. */
export async function plantOwner(
  api: KubernetesApi,
  apply: (objects: readonly Manifest[]) => Promise<unknown> = (objects) => api.apply(objects),
): Promise<void> {
  const objects = await ownerObjects();
  await apply(objects);
  await rolledOut(api, objects);
}

/** Removes it, and waits until it is gone. */
export async function removeOwner(api: KubernetesApi): Promise<void> {
  const home = await liveOf(api, [{ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE }]);
  await api.remove(home, { timeoutMs: 120_000 });
}

async function ownerObjects(): Promise<Manifest[]> {
  const image = SAMPLE_IMAGE.name;
  const keys = await new Authority().secrets({ SHOP: 'shop.example.net' });
  const objects = await readManifests(join(import.meta.dirname, 'owner.yaml'), { IMAGE: image, ...keys });
  return await withAgents(objects, { namespace: NAMESPACE, samples: async () => ({ image, agent: await agentProgram() }) });
}

/** Compares the whole configuration of two proxies of the owner, a workload's and an ingress gateway's, with a first reading. */
export class Witness {
  readonly #access: KubernetesAccess;
  readonly #pods: readonly PodRef[];
  readonly #first = new Map<string, Configuration>();
  readonly #seen = new Map<string, { received: number; text: string }>();
  readonly #known = new Map<string, readonly Difference[]>();
  readonly sightings: Sighting[] = [];
  /** How often a push arrived and the whole configuration was read since the start. */
  readings = 0;

  private constructor(access: KubernetesAccess, pods: readonly PodRef[]) {
    this.#access = access;
    this.#pods = pods;
  }

  /** Reads the configuration of the proxies once they receive no more pushes. */
  static async start(api: KubernetesApi): Promise<Witness> {
    const pods = await api.list<Pod>('v1', 'Pod', { namespace: NAMESPACE });
    const refs = pods.filter(isReady).map(({ metadata }) => ({ namespace: NAMESPACE, name: metadata.name }));
    if (refs.length !== 2) throw new Error(`there are ${refs.length} ready proxies in ${NAMESPACE}, not 2`);
    const witness = new Witness(new KubernetesAccess(api), refs);
    let quiet = 0;
    const atRest = async (): Promise<boolean> => {
      const changed = await Promise.all(refs.map(async (pod) => await witness.#changed(pod)));
      quiet = changed.every((configuration) => configuration === undefined) ? quiet + 1 : 0;
      for (const [at, configuration] of changed.entries()) if (configuration) witness.#first.set(refs[at]?.name ?? '', configuration);
      return quiet >= QUIET_LOOKS;
    };
    await until(atRest, { what: "the owner's proxies to be at rest", timeoutMs: 120_000, everyMs: EVERY_MS });
    witness.readings = 0;
    return witness;
  }

  /** Every part of the first reading by proxy, e.g. `istio-ingressgateway-…: listener 0.0.0.0_8080`. */
  get parts(): string[] {
    return [...this.#first].flatMap(([proxy, parts]) => [...parts.keys()].map((part) => `${proxy}: ${part}`));
  }

  /** Reads repeatedly until the signal aborts, and once more after it; adds each change to `sightings`. */
  async watch(signal: AbortSignal): Promise<void> {
    const look = async (): Promise<boolean> => {
      const last = signal.aborted;
      await this.look();
      return last;
    };
    await until(look, { what: 'the run to end', timeoutMs: 7_200_000, everyMs: EVERY_MS });
  }

  /** Reads once. @throws if a proxy cannot be queried, even in a second attempt */
  async look(): Promise<void> {
    await Promise.all(
      this.#pods.map(async (pod) => {
        const configuration = await this.#changed(pod).catch(async () => await this.#changed(pod));
        if (configuration === undefined) return;
        const found = differences(this.#first.get(pod.name) ?? new Map(), configuration);
        // A difference counts only in its first reading, because it may outlast its check a little.
        const known = this.#known.get(pod.name) ?? [];
        const fresh = found.filter(({ part, now }) => !known.some((one) => one.part === part && one.now === now));
        this.#known.set(pod.name, found);
        if (fresh.length > 0) this.sightings.push({ at: Date.now(), proxy: pod.name, differences: fresh });
      }),
    );
  }

  close(): void {
    this.#access.close();
  }

  /** The configuration, if it differs from the previous reading. Bytes are read first, so a push meanwhile is noticed the next time. */
  async #changed(pod: PodRef): Promise<Configuration | undefined> {
    const page: { stats: { value?: number | string }[] } = JSON.parse(await this.#access.fetchText(pod, ADMIN_PORT, RECEIVED));
    const received = Number(page.stats[0]?.value);
    if (Number.isNaN(received)) throw new Error(`${pod.name} does not report how much it has received`);
    const before = this.#seen.get(pod.name);
    if (before?.received === received) return undefined;
    const configuration = parseConfiguration(await this.#access.fetchText(pod, ADMIN_PORT, '/config_dump?include_eds'));
    this.readings++;
    const text = JSON.stringify([...configuration]);
    this.#seen.set(pod.name, { received, text });
    return before?.text === text ? undefined : configuration;
  }
}
