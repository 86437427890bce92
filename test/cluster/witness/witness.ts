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
/** Bytes from the control plane: a push cannot come without them, and asking for them costs next to nothing. */
const RECEIVED = `/stats?format=json&filter=${encodeURIComponent('^cluster\\.xds-grpc;?\\.upstream_cx_rx_bytes_total$')}`;
const EVERY_MS = 250;
/** Looks without any change after which the proxies are taken to be at rest. */
const QUIET_LOOKS = 20;

/** What a proxy of the cluster's owner held at a moment, where that was neither what it held at first nor what it held at the look before. */
export interface Sighting {
  /** Milliseconds since 1970. */
  at: number;
  proxy: string;
  /** From what it held at first. */
  differences: readonly Difference[];
}

/** Makes what an owner of the mesh might have in it, as `apply` makes objects, and returns when its proxies are ready. */
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

/** Two proxies of the cluster's owner, a workload's and an ingress gateway's, whose whole configuration is compared with what it was at first. */
export class Witness {
  readonly #access: KubernetesAccess;
  readonly #pods: readonly PodRef[];
  readonly #first = new Map<string, Configuration>();
  readonly #seen = new Map<string, { received: number; text: string }>();
  readonly #known = new Map<string, readonly Difference[]>();
  readonly sightings: Sighting[] = [];
  /** How many times a push has come and a whole configuration has been read since the start. */
  readings = 0;

  private constructor(access: KubernetesAccess, pods: readonly PodRef[]) {
    this.#access = access;
    this.#pods = pods;
  }

  /** Reads what the proxies hold once nothing more comes for them. */
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

  /** Looks again and again until the signal aborts, and once more after it; each change goes to `sightings`. */
  async watch(signal: AbortSignal): Promise<void> {
    const look = async (): Promise<boolean> => {
      const last = signal.aborted;
      await this.look();
      return last;
    };
    await until(look, { what: 'the run to end', timeoutMs: 7_200_000, everyMs: EVERY_MS });
  }

  /** Looks once. @throws when a proxy cannot be asked, also in a second attempt */
  async look(): Promise<void> {
    await Promise.all(
      this.#pods.map(async (pod) => {
        const configuration = await this.#changed(pod).catch(async () => await this.#changed(pod));
        if (configuration === undefined) return;
        const found = differences(this.#first.get(pod.name) ?? new Map(), configuration);
        // What stays for several looks is seen once, when it came: it may outlast its check a little.
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

  /** The configuration, if it is another one than at the last look. Bytes are read first, so what comes meanwhile is seen the next time. */
  async #changed(pod: PodRef): Promise<Configuration | undefined> {
    const page: { stats: { value?: number | string }[] } = JSON.parse(await this.#access.fetchText(pod, ADMIN_PORT, RECEIVED));
    const received = Number(page.stats[0]?.value);
    if (Number.isNaN(received)) throw new Error(`${pod.name} does not tell how much it has received`);
    const before = this.#seen.get(pod.name);
    if (before?.received === received) return undefined;
    const configuration = parseConfiguration(await this.#access.fetchText(pod, ADMIN_PORT, '/config_dump?include_eds'));
    this.readings++;
    const text = JSON.stringify([...configuration]);
    this.#seen.set(pod.name, { received, text });
    return before?.text === text ? undefined : configuration;
  }
}
