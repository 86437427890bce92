import { EXIT } from '../../clusters/errors.ts';
import { up } from '../../clusters/lifecycle.ts';
import { printable, shellWord } from '../../clusters/printable.ts';
import { keepCluster } from '../../clusters/registry/owner.ts';
import { leaveRigs } from '../../clusters/rigs/leases.ts';
import type { ClusterOptions } from '../console/cluster-options.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { requireDisk } from '../run/disk.ts';
import { providerOf, requireImageSource, requireMeshVersion } from '../run/provider.ts';

/** The options of `meshproof up`. */
export interface ProvisionOptions extends ClusterOptions {
  name: string;
  rigs: number;
}

/** Creates a cluster that is kept. @returns the exit code */
export async function provision({ name, rigs, ...options }: ProvisionOptions): Promise<number> {
  const { mesh, engine } = options;
  const signal = untilInterrupted();
  const wanted = {
    mesh,
    ...requireMeshVersion(options),
    engine,
    rigs,
    provider: await providerOf(options),
    images: await requireImageSource(options),
  };
  if (wanted.provider.kind === 'kind') await requireDisk();
  const progress = startProgress();
  const cluster = await up({ ...wanted, name }, { signal, progress: progress.say });
  await leaveRigs(name);
  await keepCluster(name);
  progress.pause();
  process.stdout.write(`${cluster.name} is ready: ${printable(JSON.stringify(cluster.versions))}\n`);
  process.stdout.write(`kubectl --kubeconfig ${shellWord(cluster.kubeconfig)} --context ${shellWord(cluster.context)} get pods -A\n`);
  return EXIT.ok;
}
