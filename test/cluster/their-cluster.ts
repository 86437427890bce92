import { join } from 'node:path';

import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { exec } from '../../clusters/exec.ts';
import { ensureImages } from '../../clusters/images/ensure.ts';
import { KIND, pathOf } from '../../clusters/images/tools.ts';
import { ISTIO_HUB } from '../../clusters/istio/images.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import { createCluster, deleteCluster } from '../../clusters/kind/kind.ts';
import { folderOf } from '../../clusters/registry/owner.ts';
import { reserveRanges } from '../../clusters/kind/reservations.ts';
import type { TaskContext } from '../../clusters/task-context.ts';

/** A cluster that meshproof's commands know nothing of, as if a colleague had made it. */
export interface TheirCluster {
  name: string;
  /** The administrator's. */
  kubeconfig: string;
  context: string;
  remove: () => Promise<void>;
}

/**
 * What the colleague typed: the profile without gateways and Istio's own defaults, e.g. 45 s of draining. The second half only says
 * which images are on the nodes, and that their Envoy is a plain one.
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

/** How their mesh differs from what istioctl installs where it is told nothing. */
interface TheirMesh {
  /** What istioctl is told by `--set`, once for each control plane. */
  controlPlanes: readonly (readonly string[])[];
  /** Where istioctl puts it. */
  namespace?: string;
}

/** Makes a kind cluster and installs Istio in it, by hand: no rigs, no description that a command would find. */
export async function makeTheirCluster(
  name: string,
  { controlPlanes, namespace }: TheirMesh = { controlPlanes: [[]] },
  task: TaskContext = {},
): Promise<TheirCluster> {
  const engine = await ensureEngine({ allowPrivate: true }, task);
  const { tag: image } = await ensureImages({ from: 'auto' }, ISTIO.images(), engine, task);
  const [kind, istioctl, ranges] = await Promise.all([pathOf(KIND, task), pathOf(ISTIO.tool(), task), reserveRanges(name, engine)]);
  const kubeconfig = join(folderOf(name), 'kubeconfig');
  const context = await createCluster({ name, nodes: 1, image, kind, kubeconfig, ...ranges }, engine, task);
  const remove = () => deleteCluster({ name, folder: folderOf(name) }, engine);
  const place = ['--kubeconfig', kubeconfig, '--context', context, ...(namespace === undefined ? [] : ['--istioNamespace', namespace])];
  try {
    for (const settings of controlPlanes) {
      const sets = [...SETTINGS, ...settings].flatMap((setting) => ['--set', setting]);
      await exec(istioctl, ['install', '-y', ...sets, ...place], task);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { name, kubeconfig, context, remove };
}
