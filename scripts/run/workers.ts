import { availableParallelism, totalmem } from 'node:os';

/** Of a kind cluster without its rigs, and of each rig with the proxies in it. */
const CLUSTER_GIB = 4;
const RIG_GIB = 2;
/** Beyond it a node has not enough pods for the rigs. */
const MOST_ON_A_NODE = 8;
/** On a cluster with another owner, where `meshproof rbac` gives the rights for so many. */
const ON_EXISTING = 2;

/** Memory that this process may fill: the machine's, or its container's where that is less. */
function memoryGib(): number {
  const limit = process.constrainedMemory();
  return Math.round(Math.min(totalmem(), limit > 0 ? limit : Infinity) / 2 ** 30);
}

/** How many checks at once a machine carries whose kind cluster runs on it: one a core, where there is memory for their rigs. */
export function carriedWorkers(cores: number = availableParallelism(), gib: number = memoryGib()): number {
  const inMemory = Math.floor((gib - CLUSTER_GIB) / RIG_GIB);
  return Math.max(Math.min(2, cores), Math.min(cores, inMemory, MOST_ON_A_NODE));
}

/** How many checks run at once where nothing is said. */
export function defaultWorkers(provider: 'kind' | 'existing'): number {
  return provider === 'existing' ? ON_EXISTING : carriedWorkers();
}

/** What is to be said of more workers than the machine carries; undefined where it carries them. */
export function overload(workers: number, provider: 'kind' | 'existing', carried: number = carriedWorkers()): string | undefined {
  if (provider === 'existing' || workers <= carried) return undefined;
  return `${workers} workers exceed the ${carried} that this machine can handle; checks that lack CPU time become INCONCLUSIVE`;
}
