import { availableParallelism, totalmem } from 'node:os';

/** Memory of a kind cluster without its rigs, and of each rig with its proxies. */
const CLUSTER_GIB = 4;
const RIG_GIB = 2;
/** With more, a node would not have enough pods for the rigs. */
const MOST_ON_A_NODE = 8;
/** On an existing cluster, for which `meshproof rbac` grants permissions for this many. */
const ON_EXISTING = 2;

/** Memory available to this process: the machine's, or its container's limit if that is less. */
function memoryGib(): number {
  const limit = process.constrainedMemory();
  return Math.round(Math.min(totalmem(), limit > 0 ? limit : Infinity) / 2 ** 30);
}

/** How many concurrent checks a machine can run together with its kind cluster: one for each core, if there is memory for their rigs. */
export function carriedWorkers(cores: number = availableParallelism(), gib: number = memoryGib()): number {
  const inMemory = Math.floor((gib - CLUSTER_GIB) / RIG_GIB);
  return Math.max(Math.min(2, cores), Math.min(cores, inMemory, MOST_ON_A_NODE));
}

/** How many checks run in parallel by default. */
export function defaultWorkers(provider: 'kind' | 'existing'): number {
  return provider === 'existing' ? ON_EXISTING : carriedWorkers();
}

/** A warning about more workers than the machine can run; undefined if it can. */
export function overload(workers: number, provider: 'kind' | 'existing', carried: number = carriedWorkers()): string | undefined {
  if (provider === 'existing' || workers <= carried) return undefined;
  return `${workers} workers exceed the ${carried} that this machine can handle; checks that lack CPU time become INCONCLUSIVE`;
}
