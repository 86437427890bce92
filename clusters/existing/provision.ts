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
import { byPart } from '../mesh/versions.ts';
import { adapterOf } from '../meshes.ts';
import { deployPreprovisioned, deployRigs } from '../rigs/deploy.ts';
import { judgeLease, ownerOf } from '../rigs/lease.ts';
import { RigLeases } from '../rigs/leases.ts';
import { notMade } from '../rigs/listed.ts';
import { ownRigs, type OwnedRigs } from '../rigs/own-namespaces.ts';
import { liveOf, owned, requireOurs } from '../rigs/ownership.ts';
import { ACTOR_LABEL, rigNamespaces } from '../rigs/rig.ts';
import type { TaskContext } from '../task-context.ts';
import { namespacesOf, requirePreprovisioned } from './namespaces.ts';
import {
  guardedNamespaces,
  meshFound,
  requireAdmission,
  requireRights,
  sampleImage,
  inspectCluster,
  type ClusterInspection,
} from './inspection.ts';
import { whilePullable } from './pulls.ts';
import { removeRigs } from './remove.ts';
import { samplesMaySpeak } from './traffic.ts';

/**
 * Makes rigs in a cluster that somebody else owns, with the mesh that is there: in namespaces of our own, or in those that the owner made for us.
 * Nothing is made until the account's rights and the cluster's policies are known to allow all of it.
 * The nodes must be able to pull the sample image; MESHPROOF_SAMPLE_IMAGE names the copy that they can reach.
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
  // Only this context: nobody else's credentials need a second copy.
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const adapter = await adapterOf({ mesh }, api);
    task.progress?.(`asking ${context} what is allowed there`);
    const found = await inspectCluster(api, adapter, { name, count: options.rigs, provider }, task.signal);
    if (found.preprovisioned) await requirePreprovisioned(api, adapter, found.rigs, task.signal);
    requireRights(found, context);
    const there = await meshFound(api, adapter, [], task.signal);
    if (typeof there === 'string') {
      throw new MeshproofError('MESH_MISSING', `no ${mesh} was found in ${context}: ${there}`, {
        hint: 'install the mesh first, or use --provider=kind',
      });
    }
    const uid = omitUndefined({ uid: await clusterUid(api, task.signal) });
    const to = {
      name,
      provider: 'existing',
      kubeconfig,
      context,
      ...uid,
      mesh,
      rigs: found.rigs,
      preprovisioned: found.preprovisioned,
    } as const;
    const began = performance.now();
    const making = { name, found };
    // Until it is known that lent places are nobody else's now, nothing is noted, made or cleared.
    let leases = found.preprovisioned ? await leaseFree(api, found.rigs, name, task) : undefined;
    await options.writeDescription({ ...to, versions: {}, timings: {} }).catch(async (error: unknown) => {
      await leases?.remove().catch(() => undefined);
      throw error;
    });
    if (!found.preprovisioned) await makeNamespaces(api, adapter, making, task);
    try {
      leases ??= await RigLeases.take(api, found.rigs, name, task);
      await makeRigs(api, adapter, making, task);
      const timings = { rigsMs: Math.round(performance.now() - began) };
      return {
        ...to,
        versions: { kubernetes: await api.version(), ...byPart(adapter.facts, await adapter.versions(task, found.rigs)) },
        timings,
      };
    } catch (error) {
      const undone = patiently(() => removeRigs(api, adapter, { owner: name, ...found }, notMade, {}), task);
      await undone
        .then(() => leases?.remove())
        .catch((cause: unknown) => {
          throw leftBehind(name, error, cause);
        });
      throw error;
    } finally {
      // Whoever wanted the rigs takes their leases again, or lets go of them.
      leases?.stop();
    }
  } finally {
    api.close();
  }
}

interface Making {
  name: string;
  found: ClusterInspection;
}

/** On a namespace: which attempt created it. Where an answer is lost, nothing else tells whether it was this one. */
const CREATED_BY = 'meshproof.dev/created-by';

/**
 * Creates the namespaces of rigs, each only if there is none of its name: another machine's run may have chosen the same one.
 * @throws MeshproofError `NOT_OURS`; those that were created are removed then, or `LEFT_BEHIND`
 */
async function makeNamespaces(api: KubernetesApi, mesh: MeshAdapter, { name, found }: Making, { signal }: TaskContext): Promise<void> {
  const attempt = randomUUID();
  const tried: Manifest[] = [];
  try {
    for (const { metadata, ...namespace } of found.rigs.flatMap((rig) => rigNamespaces(rig, mesh.facts, name))) {
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
    throw new MeshproofError('NOT_OURS', `a namespace of that name exists already: ${error.message}`, {
      hint: 'choose another --name; if a killed run left it, npx meshproof sweep --provider=existing removes it',
      cause: error,
    });
  }
}

async function makeRigs(api: KubernetesApi, mesh: MeshAdapter, { name, found }: Making, task: TaskContext): Promise<void> {
  const { rigs, preprovisioned } = found;
  const options = { image: await sampleImage(), owner: name, annotations: mesh.facts.fastDrainAnnotations };
  await requireAdmission(api, mesh, rigs, options.image, task.signal);
  const guarded = await guardedNamespaces(api, rigs, task.signal);
  const policies = rigs
    .flatMap((rig) => samplesMaySpeak(rig, mesh.facts.controlPlaneNamespace, guarded))
    .map((policy) => owned(policy, name));
  await requireOurs(api, policies, { owner: name, signal: task.signal });
  await api.apply(policies, omitUndefined({ signal: task.signal }));
  await whilePullable(api, rigs.flatMap(namespacesOf), options.image, task, async (watched) => {
    if (preprovisioned) await deployPreprovisioned(api, mesh, { ...options, rigs }, watched);
    else await deployRigs(api, mesh, { ...options, count: rigs.length }, watched);
  });
}

/**
 * Takes the leases of lent rigs, in which nobody's samples may stand: two runs must not share a rig.
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

/**
 * Removes from the cluster what was made for this one, and nothing else. Lent namespaces that another run holds by now hold nothing of it.
 * @throws MeshproofError `RIG_IN_USE` when another process uses its rigs, `OTHER_CLUSTER` when another cluster answers in the place of that one,
 * and `LEFT_BEHIND`
 */
export async function deprovision(
  { name, kubeconfig, context, uid, mesh, rigs, preprovisioned = false }: ClusterDescription,
  task: TaskContext,
): Promise<void> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const found = await patiently(() => clusterUid(api, task.signal), task);
    if (uid !== undefined && found !== undefined && found !== uid) {
      throw new MeshproofError(
        'OTHER_CLUSTER',
        `context ${context} points to a different cluster than the one in which ${name} was created`,
        {
          hint: 'point the context to that cluster again',
        },
      );
    }
    const adapter = await adapterOf({ mesh, kubeconfig, context }, api);
    await patiently(() => deprovisionHeld(api, adapter, { owner: name, rigs, preprovisioned }, task), task);
  } finally {
    api.close();
  }
}

/** Removes the rigs while their leases are ours, so that nobody begins on them before all of it is gone. */
async function deprovisionHeld(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, preprovisioned }: OwnedRigs,
  task: TaskContext,
): Promise<void> {
  // A run may have renewed some of its own, and a removal that broke off has left some without their first namespace.
  const all = preprovisioned ? rigs : (await ownRigs(api, { owner }, task)).map(({ rig }) => rig);
  const looks = await Promise.all(
    all.map(async (rig) => {
      const { lease } = await judgeLease(api, rig, task);
      // A lease that carries another cluster's name was taken over, with its journal.
      const mine = lease === undefined || ownerOf(lease) === owner;
      return mine && (await api.find({ apiVersion: 'v1', kind: 'Namespace', name: rig }, task.signal)) !== undefined ? [rig] : [];
    }),
  );
  const leased = looks.flat();
  const leases = await RigLeases.take(api, leased, owner, task);
  try {
    await removeRigs(api, mesh, { owner, rigs: all, preprovisioned, leased }, notMade, task);
    // Last: while they are there, others know that the namespaces are in use.
    await leases.remove();
  } finally {
    leases.stop();
  }
}
