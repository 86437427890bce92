import { writeFile } from 'node:fs/promises';

import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { given } from '../kubernetes/given.ts';
import { clusterUid } from '../kubernetes/identity.ts';
import { loadContext } from '../kubernetes/kubeconfig.ts';
import type { RaiseOptions } from '../lifecycle.ts';
import type { MeshAdapter } from '../mesh.ts';
import { adapterOf, mendMesh } from '../meshes.ts';
import { clearNamespaces } from '../rigs/clear.ts';
import { deployPremade, deployRigs, removeRigs } from '../rigs/deploy.ts';
import { ACTOR_LABEL, rigNamespaces } from '../rigs/rig.ts';
import type { Work } from '../work.ts';
import { namespacesOf, requirePremade } from './namespaces.ts';
import { guardedNamespaces, meshFound, requireAdmission, requireRights, sampleImage, survey, type Survey } from './survey.ts';
import { whilePullable } from './pulls.ts';
import { samplesMaySpeak } from './traffic.ts';

/**
 * Makes rigs in a cluster that somebody else owns, with the mesh that is there: in namespaces of our own, or in those that the owner made for us.
 * Nothing is made until the account's rights and the cluster's policies are known to allow all of it.
 * The nodes must be able to pull the sample image; MESHPROOF_SAMPLE_IMAGE names the copy that they can reach.
 * @throws MeshproofError `FORBIDDEN`, `MESH_MISSING`, `NAMESPACES_MISSING`, `NAMESPACES_UNFIT`, `RIG_IN_USE` or `ADMISSION_REFUSED`
 */
export async function raise(name: string, kubeconfig: string, options: RaiseOptions, work: Work): Promise<ClusterDescription> {
  if (options.provider.kind !== 'existing') throw new MeshproofError('PROVIDER', 'this provider uses clusters that exist');
  const { provider, mesh } = options;
  const config = await loadContext(provider.kubeconfig, provider.context);
  const context = config['current-context'];
  // Only this context: nobody else's credentials need a second copy.
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const adapter = await adapterOf({ mesh }, api);
    work.progress?.(`asking ${context} what is allowed there`);
    const found = await survey(api, adapter, { name, count: options.rigs, provider }, work.signal);
    if (found.premade) await requirePremade(api, adapter, found.rigs, work.signal);
    requireRights(found, context);
    const there = await meshFound(api, adapter, [], work.signal);
    if (typeof there === 'string') {
      throw new MeshproofError('MESH_MISSING', `no ${mesh} was found in ${context}: ${there}`, {
        hint: 'install the mesh first, or use --provider=kind',
      });
    }
    if (found.premade) await requireFree(api, found.rigs, work);
    const uid = given({ uid: await clusterUid(api, work.signal) });
    const to = { name, provider: 'existing', kubeconfig, context, ...uid, mesh, rigs: found.rigs, premade: found.premade } as const;
    await options.note({ ...to, versions: {}, timings: {} });
    const began = performance.now();
    await makeRigs(api, adapter, { name, found }, work);
    const timings = { rigsMs: Math.round(performance.now() - began) };
    return { ...to, versions: { kubernetes: await api.version(), ...(await adapter.versions(work, found.rigs)) }, timings };
  } finally {
    api.close();
  }
}

interface Making {
  name: string;
  found: Survey;
}

async function makeRigs(api: KubernetesApi, mesh: MeshAdapter, { name, found }: Making, work: Work): Promise<void> {
  const { rigs, premade } = found;
  const options = { image: await sampleImage(), owner: name, annotations: mesh.quickPods };
  try {
    if (!premade)
      await api.apply(
        rigs.flatMap((rig) => rigNamespaces(rig, mesh, name)),
        given({ signal: work.signal }),
      );
    await requireAdmission(api, mesh, rigs, options.image, work.signal);
    const guarded = await guardedNamespaces(api, rigs, work.signal);
    const policies = rigs
      .filter((rig) => namespacesOf(rig).some((one) => guarded.has(one)))
      .flatMap((rig) => samplesMaySpeak(rig, mesh.rootNamespace));
    await api.apply(policies, given({ signal: work.signal }));
    await whilePullable(api, rigs.flatMap(namespacesOf), options.image, work, async (watched) => {
      if (premade) await deployPremade(api, { ...options, rigs }, watched);
      else await deployRigs(api, mesh, { ...options, count: rigs.length }, watched);
    });
  } catch (error) {
    await clear(api, name, found, {});
    throw error;
  }
}

/** @throws MeshproofError `RIG_IN_USE` where samples stand already: two runs must not share a rig. */
async function requireFree(api: KubernetesApi, rigs: readonly string[], { signal }: Work): Promise<void> {
  for (const namespace of rigs.flatMap(namespacesOf)) {
    const pods = await api.list('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, ...given({ signal }) });
    if (pods.length === 0) continue;
    throw new MeshproofError('RIG_IN_USE', `sample services run in ${namespace} already: another run uses it, or was killed`, {
      hint: 'wait for that run; npx meshproof sweep, where the killed one was started, removes what it left',
    });
  }
}

/** Removes from the cluster what is ours, and nothing else. */
export async function lower({ name, kubeconfig, context, mesh, rigs, premade = false }: ClusterDescription, work: Work): Promise<void> {
  await mendMesh({ name, kubeconfig, context, mesh });
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    await clear(api, name, { rigs, premade }, work);
  } finally {
    api.close();
  }
}

async function clear(api: KubernetesApi, owner: string, { rigs, premade }: Pick<Survey, 'rigs' | 'premade'>, work: Work): Promise<void> {
  if (!premade) return removeRigs(api, owner, work);
  await clearNamespaces(api, rigs.flatMap(namespacesOf), work);
  // Those that a killed check made; who may make no namespaces has made none.
  await removeRigs(api, owner, work).catch((error: unknown) => {
    if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
  });
}
