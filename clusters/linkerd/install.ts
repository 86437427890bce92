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
/** The programs that others of the control plane look for. */
const FIRST = ['linkerd-identity', 'linkerd-destination'];
/** What proxies take for the inside of a cluster: Linkerd's default, and where pods and services of our clusters are. */
const CLUSTER_NETWORKS = '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8,198.19.0.0/16';
/** Half a core that every program asks for would leave none of a small machine. */
const SMALL = { cpu: { request: '10m' }, memory: { request: '32Mi' } };

/** What the command is to install. */
export interface LinkerdProfile {
  /** Three of each program on nodes of their own, and an injector without which no pod starts. */
  highAvailability?: boolean;
}

/** The values of an installation. @param profile by default one of each program */
export async function installationValues({ highAvailability = false }: LinkerdProfile = {}): Promise<Record<string, unknown>> {
  const { trustAnchor, certificate, key } = await issuerCredentials(TRUST_DOMAIN);
  return {
    // The heartbeat tells the project's own server that there is an installation.
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

/** Installs Linkerd's definitions, control plane and viz extension, and returns when all of it is ready. Definitions of the Gateway API must be there. */
export async function installLinkerd(tool: LinkerdCli, api: KubernetesApi, profile: LinkerdProfile, task: TaskContext): Promise<void> {
  const ha = profile.highAvailability === true ? ['--ha'] : [];
  task.progress?.("Linkerd's definitions");
  await apply(api, await rendered(tool, ['install', '--crds', '--ignore-cluster'], task), task);
  task.progress?.("Linkerd's control plane");
  const input = JSON.stringify(await installationValues(profile));
  const control = await rendered(tool, ['install', '--ignore-cluster', '--values', '-', ...ha], { ...task, input });
  for (const stage of stagesOf(control)) {
    await apply(api, stage, task);
    await ready(api, stage, task);
  }
  task.progress?.("Linkerd's viz extension");
  const viz = await rendered(tool, ['viz', 'install', '--ignore-cluster', ...ha], task);
  await apply(api, viz, task);
  await ready(api, viz, task);
}

/**
 * The objects of a control plane in the order in which its proxies need what is in them. A proxy that finds no identity service, or no destination
 * service, looks for it again only 30 s later.
 */
export function stagesOf(control: readonly Manifest[]): Manifest[][] {
  const stageOf = ({ kind, metadata: { name } }: Manifest): number => {
    if (kind !== 'Deployment') return 0;
    return FIRST.includes(name) ? 1 + FIRST.indexOf(name) : 1 + FIRST.length;
  };
  return [...Map.groupBy(control, stageOf)].toSorted(([a], [b]) => a - b).map(([, objects]) => objects);
}

/** Removes everything of an installation, the definitions last. */
export async function uninstallLinkerd(tool: LinkerdCli, api: KubernetesApi, task: TaskContext): Promise<void> {
  for (const args of [['viz', 'uninstall'], ['uninstall']]) {
    task.progress?.(`Linkerd to be removed: ${args[0]}`);
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
