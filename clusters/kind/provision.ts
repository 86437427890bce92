import { dirname } from 'node:path';

import type { ClusterDescription } from '../cluster.ts';
import { recordOf } from '../engine/engine.ts';
import { engineForRemoval, ensureEngine } from '../engine/ensure.ts';
import { thisMachine } from '../engine/machine.ts';
import { LEFT_BEHIND, MeshproofError } from '../errors.ts';
import { ensureImages } from '../images/ensure.ts';
import { SAMPLE_IMAGE } from '../images/recipes/sample.ts';
import { KIND, pathOf, requirePublished } from '../images/tools.ts';
import { unpinnedImages } from '../images/node-pulled.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { UpOptions } from '../provider.ts';
import { byPart } from '../mesh/versions.ts';
import { meshModule } from '../meshes.ts';
import { folderOf } from '../registry/owner.ts';
import { agentProgram } from '../rigs/agent.ts';
import { deployRigs } from '../rigs/deploy.ts';
import type { TaskContext } from '../task-context.ts';
import { createCluster, deleteCluster, rollBack } from './kind.ts';
import { nodeImages } from './node-images.ts';
import { releaseRanges, reserveRanges } from './reservations.ts';

/** Runs a stage and records its duration in whole milliseconds. */
async function timed<T>(
  timings: ClusterDescription['timings'],
  stage: keyof ClusterDescription['timings'],
  run: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const result = await run();
  timings[stage] = Math.round(performance.now() - began);
  return result;
}

/**
 * Creates a kind cluster with a mesh and rigs. On error the cluster is removed completely; images and engine are kept for the next time.
 */
export async function provision(name: string, kubeconfig: string, options: UpOptions, task: TaskContext): Promise<ClusterDescription> {
  if (options.provider.kind !== 'kind') throw new TypeError('this provider creates kind clusters only');
  const { nodes } = options.provider;
  const module = await meshModule(options.mesh);
  const [newest] = module.versions;
  const { mesh, meshVersion = newest, otherVersions = [] } = options;
  const meshImages = [...new Set([meshVersion, ...otherVersions])].flatMap((version) => module.images(version));
  const timings: ClusterDescription['timings'] = {};
  // Check this first: nothing else is of use without the tool.
  await requirePublished(module.tool(meshVersion), options.images.from, task);
  const engine = await timed(timings, 'engineMs', () => ensureEngine({ allowPrivate: options.engine }, task));
  const { image, kind } = await timed(timings, 'imagesMs', async () => {
    const image = await ensureImages(options.images, meshImages, engine, task);
    return { image, kind: await pathOf(KIND, task, image.pulled ? 'release' : 'module') };
  });
  const ranges = await reserveRanges(name, engine);
  const creating = () => createCluster({ name, nodes, image: image.tag, kind, kubeconfig, ...ranges }, engine, task);
  const context = await timed(timings, 'clusterMs', creating).catch(async (error: unknown) => {
    if (!(error instanceof MeshproofError && error.code === LEFT_BEHIND)) await releaseRanges(name);
    throw error;
  });
  try {
    const api = await KubernetesApi.open({ kubeconfig, context });
    try {
      const place = { name, kubeconfig, context, mesh, meshVersion };
      const meshTag = await timed(timings, 'meshMs', async () => {
        const build = await module.buildIn(nodeImages(name, engine, task), meshVersion);
        await module.install(place, api, build, task);
        return build.tag;
      });
      const adapter = module.connect({ ...place, meshTag }, api);
      const samples = { image: SAMPLE_IMAGE.name, agent: await agentProgram() };
      const rigs = await timed(timings, 'rigsMs', () => deployRigs(api, adapter, { ...samples, count: options.rigs, owner: name }, task));
      const host = omitUndefined({ host: (await thisMachine()).host || undefined });
      const versions = { kubernetes: await api.version(), docker: engine.version, ...byPart(adapter.facts, await adapter.versions(task)) };
      const unpinned = image.pulled ? { unpinned: await unpinnedImages(meshImages) } : {};
      return { ...place, meshTag, ...unpinned, provider: 'kind', rigs, ...recordOf(engine), ...host, versions, timings };
    } finally {
      api.close();
    }
  } catch (error) {
    await rollBack({ name, folder: dirname(kubeconfig) }, engine, error);
    throw error;
  }
}

/** Removes a kind cluster and its files. */
export async function deprovision({ name, dockerHost, dockerData }: ClusterDescription, task: TaskContext): Promise<void> {
  if (dockerHost === undefined) throw new MeshproofError('CLUSTER_UNREADABLE', `${name} does not record its Docker engine`);
  await deleteCluster({ name, folder: folderOf(name) }, await engineForRemoval({ dockerHost, dockerData }, task), task);
}
