import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { patiently } from '../../clusters/kubernetes/patiently.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { describedIn, descriptionFile } from '../../clusters/registry/description.ts';
import { replaceOutdated } from '../../clusters/rigs/deploy.ts';
import { RigLeases } from '../../clusters/rigs/leases.ts';
import type { TakenBack } from '../../clusters/rigs/ownership.ts';
import { recoverCluster, recoverRigs } from '../../clusters/rigs/recover.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import type { BorrowedCluster } from './cluster.ts';

/** What a run may know of its leases; see RigLeases. */
export type HeldLeases = Pick<RigLeases, 'lost' | 'heldUntil' | 'renew'>;

/**
 * Holds the leases of the cluster's rigs while `run` runs. Reverts what dead processes left before it, and what it leaves itself after it,
 * unless the cluster was created for this run.
 */
export async function onLeasedRigs(
  { description, createdForRun }: BorrowedCluster,
  { signal, progress }: Required<TaskContext>,
  run: (signal: AbortSignal, leases: HeldLeases) => Promise<number>,
): Promise<number> {
  const api = await KubernetesApi.open(description);
  try {
    const leases = await RigLeases.take(api, description.rigs, description.name, { signal });
    try {
      if (!createdForRun) {
        const { name: owner, rigs, kept = [], preprovisioned = false } = description;
        const mesh = await adapterOf(description, api);
        report(await recoverRigs(api, mesh, { owner, rigs, kept }));
        const used = rigs.filter((rig) => !kept.includes(rig));
        await replaceOutdated(api, mesh, { rigs: used, owner, preprovisioned }, { signal, progress });
      }
      const until = AbortSignal.any([signal, leases.lost]);
      const code = await run(until, leases);
      leases.lost.throwIfAborted();
      return code;
    } finally {
      // The journal of a rig that another process has taken over belongs to that process.
      if (!createdForRun && !leases.lost.aborted) {
        // Rigs that this run kept for inspection stay untouched; the description lists the rigs that replaced them.
        const now = await describedIn(descriptionFile(description.name)).catch(() => description);
        report(await patiently(() => recoverCluster(now)));
        await leases.release();
      }
      leases.stop();
    }
  } finally {
    api.close();
  }
}

/** Prints what was reverted in place of the checks, and what was not. */
function report({ back, left }: TakenBack): void {
  if (back.length > 0) process.stderr.write(`reverted: ${back.join(', ')}\n`);
  for (const one of left) process.stderr.write(`left unchanged: ${one}\n`);
}
