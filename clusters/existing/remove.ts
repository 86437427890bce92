import type { KubernetesApi } from '../kubernetes/api.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { clearNamespaces } from '../rigs/clear.ts';
import type { Unseen } from '../rigs/listed.ts';
import { ownNamespaces, type OwnedRigs } from '../rigs/own-namespaces.ts';
import { nameWithMaker, removeOurs, requireAllBack } from '../rigs/ownership.ts';
import { recoverRigs } from '../rigs/recover.ts';
import type { TaskContext } from '../task-context.ts';
import { namespacesOf } from './namespaces.ts';

interface RemovedRigs extends OwnedRigs {
  /** The rigs whose journals belong to the owner; default all. */
  leased?: readonly string[];
}

/**
 * Removes everything that was created for these rigs: what their checks have left anywhere, and the rigs themselves. Keeps preprovisioned
 * namespaces. Call it while no run can start on the rigs.
 * @param unseen called for kinds that the account may not list
 * @throws MeshproofError `LEFT_BEHIND` if everything else is gone but others also manage something by now, `API_REFUSED` if a removal is
 * forbidden
 */
export async function removeRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { leased, ...owned }: RemovedRigs,
  unseen: Unseen,
  task: TaskContext,
): Promise<void> {
  const { owner, rigs, preprovisioned } = owned;
  const waiting = { ...task, timeoutMs: 180_000, owner };
  const { left } = await recoverRigs(api, mesh, { owner, rigs: leased ?? rigs }, task);
  if (preprovisioned) left.push(...(await clearNamespaces(api, mesh, rigs.flatMap(namespacesOf), { ...waiting, unseen })));
  const namespaces = await ownNamespaces(api, owned, task);
  task.progress?.(`removing ${namespaces.length} namespaces`);
  const { removed } = await removeOurs(api, namespaces, waiting);
  left.push(...namespaces.filter((live) => !removed.includes(live)).map(nameWithMaker));
  requireAllBack({ left });
}
