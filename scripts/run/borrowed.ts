import { EXIT } from '../../clusters/errors.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { explain } from '../console/failure.ts';
import type { Progress } from '../console/progress.ts';
import { borrowCluster, returnCluster, type BorrowedCluster } from './cluster.ts';
import { onLeasedRigs, type HeldLeases } from './leased-rigs.ts';

interface ConsoleTask {
  signal: AbortSignal;
  progress: Progress;
}

/**
 * Uses a cluster that is up, or a new one, while its rigs are leased, and returns or removes it afterwards. @returns the exit code of `use`,
 * or else that of returning the cluster
 */
export async function onBorrowed(
  wanted: UpOptions,
  { fresh }: { fresh: boolean },
  { signal, progress }: ConsoleTask,
  use: (cluster: BorrowedCluster, until: AbortSignal, leases: HeldLeases) => Promise<number>,
): Promise<number> {
  if (wanted.provider.kind === 'existing') await makeFolder(cacheFolder());
  const cluster = await borrowCluster(wanted, fresh, { signal, progress: progress.say });
  let code: number;
  let returned: number = EXIT.ok;
  try {
    code = await onLeasedRigs(cluster, { signal, progress: progress.say }, (until, leases) => use(cluster, until, leases));
  } finally {
    returned = await back(cluster, progress);
  }
  return code === EXIT.ok ? returned : code;
}

async function back(cluster: BorrowedCluster, progress: Progress): Promise<number> {
  const returning = returnCluster(cluster, false, { progress: progress.say });
  return await returning.then(() => EXIT.ok, explain).finally(() => progress.pause());
}
