import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

import type { ClusterDescription } from '../cluster.ts';
import { leftBehind, MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { refOf } from '../kubernetes/live-object.ts';
import { clusterUid } from '../kubernetes/identity.ts';
import { loadContext } from '../kubernetes/kubeconfig.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { patiently } from '../kubernetes/patiently.ts';
import type { ProvisionOptions } from '../provider.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { surveyLines, type MeshSurvey } from '../mesh/survey.ts';
import { byPart } from '../mesh/versions.ts';
import { adapterOf } from '../meshes.ts';
import { deployPreprovisioned, deployRigs } from '../rigs/deploy.ts';
import type { SampleOptions } from '../rigs/agent.ts';
import { RigLeases } from '../rigs/leases.ts';
import { notMade } from '../rigs/listed.ts';
import { liveOf, owned, requireOurs } from '../rigs/ownership.ts';
import { ACTOR_LABEL, rigNamespaces } from '../rigs/rig.ts';
import type { TaskContext } from '../task-context.ts';
import { namespacesOf, requirePreprovisioned } from './namespaces.ts';
import { guardedNamespaces, requireMesh, requireAdmission, requireRights, inspectCluster, type ClusterInspection } from './inspection.ts';
import { abortIfUnpullable } from './pulls.ts';
import { removeRigs } from './remove.ts';
import { samplesFor, unpinnedIn } from './samples.ts';
import { sampleNetworkPolicies } from './traffic.ts';

/**
 * Deploys rigs on an existing cluster with its mesh: in new namespaces, or in those that the owner created. Nothing is created before it is
 * certain that the account's permissions and the cluster's policies allow all of it. The nodes must be able to pull the sample image.
 * @throws MeshproofError `FORBIDDEN`, `MESH_MISSING`, `NAMESPACES_MISSING`, `NAMESPACES_UNFIT`, `RIG_IN_USE` or `ADMISSION_REFUSED`
 */
export async function provision(
  name: string,
  kubeconfig: string,
  options: ProvisionOptions,
  task: TaskContext,
): Promise<ClusterDescription> {
  if (options.provider.kind !== 'existing') throw new TypeError('this provider uses existing clusters');
  const { provider, mesh } = options;
  const config = await loadContext(provider.kubeconfig, provider.context);
  const context = config['current-context'];
  // Only this context, so that no other credentials are copied.
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const { revision } = provider;
    const adapter = await adapterOf({ mesh, ...omitUndefined({ revision }) }, api);
    const { found, survey } = await requireUsable(api, adapter, name, { options, context }, task);
    const description: ClusterDescription = {
      name,
      provider: 'existing',
      kubeconfig,
      context,
      ...omitUndefined({ uid: await clusterUid(api, task.signal), registry: provider.registry }),
      unpinned: await unpinnedIn(provider, provider.applies?.uses.load === true),
      mesh,
      ...omitUndefined({ revision }),
      rigs: found.rigs,
      preprovisioned: found.preprovisioned,
      versions: {},
      timings: {},
    };
    const announce = (): Promise<void> => options.writeDescription(description);
    const samples = await samplesFor(api, provider, task.signal);
    return { ...description, ...(await provisionRigs(api, adapter, { name, found, survey, samples, announce }, task)) };
  } finally {
    api.close();
  }
}

/** What the cluster offers, after verifying that it is sufficient. */
async function requireUsable(
  api: KubernetesApi,
  mesh: MeshAdapter,
  name: string,
  { options: { rigs: count, provider }, context }: { options: ProvisionOptions; context: string },
  task: TaskContext,
): Promise<Pick<Making, 'found' | 'survey'>> {
  if (provider.kind !== 'existing') throw new TypeError('this provider uses existing clusters');
  task.progress?.(`checking the permissions in ${context}`);
  const found = await inspectCluster(api, mesh, { name, count, provider }, task.signal);
  if (found.preprovisioned)
    await requirePreprovisioned(api, typeof found.mesh === 'string' ? undefined : found.mesh, found.rigs, task.signal);
  requireRights(found, context);
  const survey = requireMesh(found, mesh.facts.name, context);
  for (const line of surveyLines(survey)) task.progress?.(line);
  return { found, survey };
}

interface Making {
  name: string;
  found: ClusterInspection;
  survey: MeshSurvey;
  samples: SampleOptions;
}

/** Deploys the rigs, or nothing. `announce` writes down what will be created, before anything is. */
async function provisionRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { announce, ...making }: Making & { announce: () => Promise<void> },
  task: TaskContext,
): Promise<Pick<ClusterDescription, 'versions' | 'timings'>> {
  const { name, found } = making;
  const began = performance.now();
  // Until it is certain that preprovisioned namespaces are not in use, nothing is recorded, created or cleared.
  let leases = found.preprovisioned ? await leaseFree(api, found.rigs, name, task) : undefined;
  await announce().catch(async (error: unknown) => {
    await leases?.remove().catch(() => undefined);
    throw error;
  });
  if (!found.preprovisioned) await makeNamespaces(api, making, task);
  try {
    leases ??= await RigLeases.take(api, found.rigs, name, task);
    await makeRigs(api, mesh, making, task);
    // Fails before the first check if the account cannot see what proxies have acknowledged.
    await Promise.all(found.rigs.map((namespace) => mesh.converge({ ...task, objects: [], after: 'applied', namespace })));
    const timings = { rigsMs: Math.round(performance.now() - began) };
    const versions = byPart(mesh.facts, await mesh.versions(task, found.rigs));
    return { versions: { kubernetes: await api.version(), ...versions }, timings };
  } catch (error) {
    const undone = patiently(() => removeRigs(api, mesh, { owner: name, ...found }, notMade, {}), task);
    await undone
      .then(() => leases?.remove())
      .catch((cause: unknown) => {
        throw leftBehind(name, error, cause);
      });
    throw error;
  } finally {
    // The caller takes the leases again, or releases them.
    leases?.stop();
  }
}

/** Annotation of a namespace with the attempt that created it: if a response was lost, nothing else shows whether it was this one. */
const CREATED_BY = 'meshproof.dev/created-by';

/**
 * Creates the namespaces of rigs, each only if it does not exist: a run on another machine may have chosen the same name.
 * @throws MeshproofError `NOT_OURS`, after removing those that were created, or `LEFT_BEHIND`
 */
async function makeNamespaces(api: KubernetesApi, { name, found, survey }: Making, { signal }: TaskContext): Promise<void> {
  const attempt = randomUUID();
  const tried: Manifest[] = [];
  try {
    for (const { metadata, ...namespace } of found.rigs.flatMap((rig) => rigNamespaces(rig, survey.settings.namespaces, name))) {
      const marked = { ...namespace, metadata: { ...metadata, annotations: { ...metadata.annotations, [CREATED_BY]: attempt } } };
      tried.push(marked);
      await api.create(marked, signal);
    }
  } catch (error) {
    const undo = async (): Promise<void> => {
      const there = await liveOf(api, tried.map(refOf));
      const created = there.filter(({ metadata }) => metadata.annotations?.[CREATED_BY] === attempt);
      await api.remove(created, { timeoutMs: 180_000 });
    };
    await patiently(undo).catch((cause: unknown) => {
      throw leftBehind(name, error, cause);
    });
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    throw new MeshproofError('NOT_OURS', `a namespace of that name already exists: ${error.message}`, {
      hint: 'choose another --name; if a killed run left it, npx meshproof sweep --provider=existing removes it',
      cause: error,
    });
  }
}

async function makeRigs(api: KubernetesApi, mesh: MeshAdapter, { name, found, survey, samples }: Making, task: TaskContext): Promise<void> {
  const { rigs, preprovisioned } = found;
  const options = { ...samples, owner: name, annotations: mesh.facts.fastDrainAnnotations };
  await requireAdmission(api, mesh, rigs, options, task.signal);
  const guarded = await guardedNamespaces(api, rigs, task.signal);
  const policies = rigs
    .flatMap((rig) => sampleNetworkPolicies(rig, survey.settings.controlPlaneNamespace, guarded))
    .map((policy) => owned(policy, name));
  await requireOurs(api, policies, { owner: name, signal: task.signal });
  await api.apply(policies, omitUndefined({ signal: task.signal }));
  await abortIfUnpullable(api, rigs.flatMap(namespacesOf), options.image, task, async (watched) => {
    if (preprovisioned) await deployPreprovisioned(api, mesh, { ...options, rigs }, watched);
    else await deployRigs(api, mesh, { ...options, count: rigs.length }, watched);
  });
}

/**
 * Takes the leases of preprovisioned rigs, which must not contain any samples, because two runs must not share a rig.
 * @throws MeshproofError `RIG_IN_USE`
 */
async function leaseFree(api: KubernetesApi, rigs: readonly string[], owner: string, task: TaskContext): Promise<RigLeases> {
  const leases = await RigLeases.take(api, rigs, owner, task);
  try {
    for (const namespace of rigs.flatMap(namespacesOf)) {
      const pods = await api.list('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, ...omitUndefined({ signal: task.signal }) });
      if (pods.length === 0) continue;
      throw new MeshproofError('RIG_IN_USE', `${namespace} already contains sample services, from \`up\` or from a killed run`, {
        hint: 'npx meshproof sweep --provider=existing, with the same --context and --namespaces, removes those that are no longer used',
      });
    }
    await leases.claim();
    return leases;
  } catch (error) {
    await leases.release().catch(() => undefined);
    throw error;
  }
}
