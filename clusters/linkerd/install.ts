import type { ExecOptions } from '../exec.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { rolledOut } from '../kubernetes/deployments.ts';
import { refOf } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { objectsIn } from '../kubernetes/yaml-stream.ts';
import { liveOf } from '../rigs/ownership.ts';
import type { TaskContext } from '../task-context.ts';
import { issuerCredentials } from './certificates.ts';
import { runLinkerd, type LinkerdCli } from './cli.ts';
import { PROXY_LOG } from './facts.ts';

const TRUST_DOMAIN = 'cluster.local';
const READY_MS = 300_000;
/** The components of the control plane that the others depend on. */
const FIRST = ['linkerd-identity', 'linkerd-destination'];
/** The addresses that proxies treat as inside the cluster: Linkerd's default, and the ranges of meshproof's clusters. */
const CLUSTER_NETWORKS = '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8,198.19.0.0/16';
/** The default of half a core for each component would exhaust a small machine. */
const SMALL = { cpu: { request: '10m' }, memory: { request: '32Mi' } };

/** Options of the installation. */
export interface LinkerdProfile {
  /** Three replicas of each component on separate nodes, and an injector without which no pod starts. */
  highAvailability?: boolean;
}

/** The values of an installation. @param profile default: one replica of each component */
export async function installationValues({ highAvailability = false }: LinkerdProfile = {}): Promise<Record<string, unknown>> {
  const { trustAnchor, certificate, key } = await issuerCredentials(TRUST_DOMAIN);
  return {
    // The heartbeat reports each installation to the project's server.
    disableHeartBeat: true,
    identityTrustDomain: TRUST_DOMAIN,
    identityTrustAnchorsPEM: trustAnchor,
    identity: { issuer: { tls: { crtPEM: certificate, keyPEM: key } } },
    clusterNetworks: CLUSTER_NETWORKS,
    proxy: { logLevel: PROXY_LOG },
    ...(highAvailability
      ? {}
      : {
          controllerReplicas: 1,
          destinationResources: SMALL,
          identityResources: SMALL,
          proxyInjectorResources: SMALL,
          spValidatorResources: SMALL,
        }),
  };
}

/**
 * Installs Linkerd's definitions, control plane and viz extension, and returns when all of it is ready. The definitions of the Gateway API
 * must exist.
 */
export async function installLinkerd(tool: LinkerdCli, api: KubernetesApi, profile: LinkerdProfile, task: TaskContext): Promise<void> {
  const ha = profile.highAvailability === true ? ['--ha'] : [];
  task.progress?.("installing Linkerd's definitions");
  await apply(api, await rendered(tool, ['install', '--crds', '--ignore-cluster'], task), task);
  task.progress?.("installing Linkerd's control plane");
  const input = JSON.stringify(await installationValues(profile));
  const control = await rendered(tool, ['install', '--ignore-cluster', '--values', '-', ...ha], { ...task, input });
  for (const stage of stagesOf(control)) {
    await apply(api, stage, task);
    await ready(api, stage, task);
  }
  task.progress?.("installing Linkerd's viz extension");
  const viz = await rendered(tool, ['viz', 'install', '--ignore-cluster', ...ha], task);
  await apply(api, viz, task);
  await ready(api, viz, task);
}

/**
 * The objects of a control plane in the order in which its proxies need them. A proxy that finds no identity or destination service looks
 * for it again only 30 s later.
 */
export function stagesOf(control: readonly Manifest[]): Manifest[][] {
  const stageOf = ({ kind, metadata: { name } }: Manifest): number => {
    if (kind !== 'Deployment') return 0;
    return FIRST.includes(name) ? 1 + FIRST.indexOf(name) : 1 + FIRST.length;
  };
  return [...Map.groupBy(control, stageOf)].toSorted(([a], [b]) => a - b).map(([, objects]) => objects);
}

/** Removes an entire installation, with the definitions last. */
export async function uninstallLinkerd(tool: LinkerdCli, api: KubernetesApi, task: TaskContext): Promise<void> {
  for (const args of [['viz', 'uninstall'], ['uninstall']]) {
    task.progress?.(`removing Linkerd: ${args.join(' ')}`);
    const objects = await rendered(tool, args, task);
    await api.remove(await liveOf(api, objects.map(refOf), task.signal), omitUndefined({ signal: task.signal }));
  }
}

async function rendered(tool: LinkerdCli, args: readonly string[], options: ExecOptions): Promise<Manifest[]> {
  return objectsIn(await runLinkerd(tool, args, options));
}

async function apply(api: KubernetesApi, objects: readonly Manifest[], { signal }: TaskContext): Promise<void> {
  await api.apply(objects, omitUndefined({ signal }));
}

async function ready(api: KubernetesApi, objects: readonly Manifest[], { signal }: TaskContext): Promise<void> {
  await rolledOut(api, objects, { timeoutMs: READY_MS, ...omitUndefined({ signal }) });
}
