import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { pathOf } from '../images/tools.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { KubernetesAccess } from '../mesh/kubernetes-access.ts';
import type { MeshCluster } from '../mesh/module.ts';
import type { PodObject } from '../mesh/access.ts';
import type { Installation, Move, RunningVersions, UpgradeWay } from '../mesh/upgrade.ts';
import { once } from '../once.ts';
import type { TaskContext } from '../task-context.ts';
import { ISTIO_HUB, istioctlTool } from './images.ts';
import { countsOf, Istiod } from './istiod.ts';
import { installIstio, placeFlags, type Istioctl } from './istioctl.ts';
import { MESHED, proxyImage, withProxy } from './proxy/admin.ts';
import { DEFAULT_REVISION, REVISION_LABEL, usualInjection } from './survey/control-planes.ts';
import { USUAL_NAMESPACE } from './survey/survey.ts';
import { IstioTool } from './tool.ts';

const TIMEOUT_MS = 120_000;

/** The name of an installation's revision. A rollback never takes the name of the first one: its remains would be mixed with it. */
export function revisionOf({ version, place }: Pick<Installation, 'version' | 'place'>, way: UpgradeWay): string {
  if (way === 'in-place' || place === 'first') return DEFAULT_REVISION;
  return `${version.replaceAll('.', '-')}${place === 'rollback' ? '-rollback' : ''}`;
}

/**
 * The way from one installation of Istio to another, with the istioctl of the target. istioctl updates the CRDs with every installation. The
 * Gateway API's own CRDs stay as they are.
 */
export function moveIstio(
  { kubeconfig, context }: MeshCluster,
  api: KubernetesApi,
  way: UpgradeWay,
  { from, to }: { from: Installation; to: Installation },
): Move {
  const [old, next] = [revisionOf(from, way), revisionOf(to, way)];
  const place = { kubeconfig, context };
  // Each look verifies the program's digest, which takes a loaded machine longer than a change.
  const path = once((task: TaskContext) => pathOf(istioctlTool(to.version, to.build.tag), task));
  const tool = async (task: TaskContext): Promise<Istioctl> => ({ istioctl: await path(task), ...place });
  const istioctl = async (args: readonly string[], task: TaskContext): Promise<void> => {
    const found = await tool(task);
    await exec(found.istioctl, [...args, ...placeFlags(found)], { ...task, timeoutMs: TIMEOUT_MS });
  };
  const beside = next === DEFAULT_REVISION ? {} : { overrides: { revision: next } };
  const images = { hub: ISTIO_HUB, tag: to.build.tag, plainEnvoy: !to.build.extended };
  const install = {
    title:
      next === DEFAULT_REVISION
        ? `install the control plane ${to.version} over ${from.version}, with its CRDs`
        : `install the control plane ${to.version} as revision ${next} beside ${from.version}, with its CRDs`,
    command: `istioctl install -f operator.yaml${next === DEFAULT_REVISION ? '' : ` --set revision=${next}`}   # istioctl ${to.version}`,
    run: async (task: TaskContext) => await installIstio(await tool(task), { images, ...beside }, task),
  };
  const setTag = ['tag', 'set', DEFAULT_REVISION, '--revision', next, '--overwrite'];
  const removeOld = ['uninstall', '--revision', old];
  const tag = {
    title: `let revision ${next} inject and validate by default`,
    command: `istioctl ${setTag.join(' ')}`,
    run: async (task: TaskContext) => await istioctl([...setTag, '-y'], task),
  };
  const uninstall = {
    title: `remove the control plane ${from.version}`,
    command: `istioctl ${removeOld.join(' ')}`,
    run: async (task: TaskContext) => await istioctl([...removeOld, '-y'], task),
  };
  return {
    precheck: async (task) => await new IstioTool(() => tool(task), unused).preflight(),
    before: [install],
    labels: way === 'in-place' ? {} : { [usualInjection().label]: null, [REVISION_LABEL]: next },
    after: way === 'in-place' ? [] : [tag, uninstall],
    running: async ({ signal }) => {
      const access = new KubernetesAccess(api);
      const planes = (await Promise.all([...new Set([old, next])].map((revision) => planeOf(access, revision, signal)))).flat();
      const pods = await access.pods(undefined, MESHED, signal);
      return runningUnder(planes, pods);
    },
  };
}

/** A control plane that runs, and the proxies that are connected to it, as `<pod>.<namespace>`. */
export interface RunningPlane {
  revision: string;
  versions: readonly string[];
  connected: readonly { proxy: string; version: string }[];
}

/** What runs under each control plane, and the proxies that are connected to none: nothing updates them any more. */
export function runningUnder(planes: readonly RunningPlane[], pods: readonly PodObject[]): RunningVersions[] {
  const connected = new Set(planes.flatMap((plane) => plane.connected.map(({ proxy }) => proxy)));
  const others = withProxy(pods).filter(({ metadata: { name, namespace } }) => !connected.has(`${name}.${namespace}`));
  const tags = others.map((pod) => proxyImage(pod).replace(/^.*:/, ''));
  return [
    ...planes.map(({ revision, versions, connected: own }) => ({
      name: revision,
      controlPlane: versions,
      proxies: countsOf(own.map(({ version }) => version)),
    })),
    ...(tags.length === 0 ? [] : [{ name: 'connected to none of them', controlPlane: [], proxies: countsOf(tags) }]),
  ];
}

/** What runs under a revision. `istioctl version` would show that of the default one only. */
async function planeOf(access: KubernetesAccess, revision: string, signal: AbortSignal | undefined): Promise<RunningPlane[]> {
  const istiod = new Istiod(access, { namespace: USUAL_NAMESPACE, revision });
  try {
    const [versions, connected] = await Promise.all([istiod.versions(signal), istiod.connected(signal)]);
    return [{ revision, versions, connected }];
  } catch (error) {
    if (error instanceof MeshproofError && error.code === 'ISTIOD_MISSING') return [];
    throw error;
  }
}

const unused = (): never => {
  throw new TypeError('the preflight check needs no istiod');
};
