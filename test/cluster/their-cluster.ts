import { join } from 'node:path';

import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { exec } from '../../clusters/exec.ts';
import { ensureImages } from '../../clusters/images/ensure.ts';
import { KIND, pathOf } from '../../clusters/images/tools.ts';
import { ISTIO_HUB } from '../../clusters/istio/images.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import { createCluster, deleteCluster } from '../../clusters/kind/kind.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { folderOf } from '../../clusters/registry/owner.ts';
import { reserveRanges } from '../../clusters/kind/reservations.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { createAsOwner } from './guest.ts';

/** A cluster that meshproof's commands do not know, as if a colleague had created it. */
export interface TheirCluster {
  name: string;
  /** The kubeconfig of the administrator. */
  kubeconfig: string;
  context: string;
  remove: () => Promise<void>;
}

/**
 * The colleague's settings: the profile without gateways, and Istio's own defaults, e.g. a drain time of 45 s. The second half only
 * describes the images on the nodes, whose Envoy is a plain one.
 */
const SETTINGS = [
  'profile=minimal',
  'values.pilot.resources.requests.cpu=10m',
  'values.pilot.resources.requests.memory=128Mi',
  'values.pilot.autoscaleEnabled=false',
  'values.global.proxy.resources.requests.cpu=10m',
  'values.global.proxy.resources.requests.memory=40Mi',
  `hub=${ISTIO_HUB}`,
  `tag=${istioVersion().tag}`,
  'values.global.imagePullPolicy=IfNotPresent',
  'values.telemetry.enabled=false',
  'values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false',
  'values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false',
];

/** How their mesh differs from the default installation of istioctl. */
interface TheirMesh {
  /** istioctl's arguments for `--set`, for each control plane. */
  controlPlanes: readonly (readonly string[])[];
  /** Its namespace; default istioctl's own. */
  namespace?: string;
  /** Namespaces that must exist before. */
  namespaces?: readonly string[];
}

/** Creates a kind cluster and installs Istio in it by hand, without rigs, and without a description that a command would find. */
export async function makeTheirCluster(
  name: string,
  { controlPlanes, namespace, namespaces = [] }: TheirMesh = { controlPlanes: [[]] },
  task: TaskContext = {},
): Promise<TheirCluster> {
  const engine = await ensureEngine({ allowPrivate: true }, task);
  const { tag: image } = await ensureImages({ from: 'auto' }, ISTIO.images(), engine, task);
  const [kind, istioctl, ranges] = await Promise.all([pathOf(KIND, task), pathOf(ISTIO.tool(), task), reserveRanges(name, engine)]);
  const kubeconfig = join(folderOf(name), 'kubeconfig');
  const context = await createCluster({ name, nodes: 1, image, kind, kubeconfig, ...ranges }, engine, task);
  const remove = () => deleteCluster({ name, folder: folderOf(name) }, engine);
  const place = ['--kubeconfig', kubeconfig, '--context', context, ...(namespace === undefined ? [] : ['--istioNamespace', namespace])];
  const owner = await KubernetesApi.open({ kubeconfig, context });
  try {
    await createAsOwner(
      owner,
      namespaces.map((one) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: one } })),
    );
    for (const settings of controlPlanes) {
      const sets = [...SETTINGS, ...settings].flatMap((setting) => ['--set', setting]);
      await exec(istioctl, ['install', '-y', ...sets, ...place], task);
    }
  } catch (error) {
    await remove();
    throw error;
  } finally {
    owner.close();
  }
  return { name, kubeconfig, context, remove };
}
