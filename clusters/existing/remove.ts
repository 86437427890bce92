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
  /** Those whose journals are their owner's; default all. */
  leased?: readonly string[];
}

/**
 * Removes whatever was made for these rigs: what their checks have left anywhere, and the rigs themselves. Preprovisioned namespaces stay. Call it while
 * nobody can begin on the rigs.
 * @param unseen is told of kinds that the account may not list
 * @throws MeshproofError `LEFT_BEHIND` when all else is gone and something has become others' too, `API_REFUSED` when something may not be removed
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
