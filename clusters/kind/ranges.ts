/**
 * Address ranges of a cluster. Pods and services of all clusters share 198.19.0.0/16 (see clusters/engine/addresses.ts), which is divided
 * into 16 slots of /20, one for each cluster, so that any two clusters can be joined. The lower half of a slot is for pods, with a /24 for
 * each of up to eight nodes; the upper half is for services.
 */
export interface ClusterRanges {
  podSubnet: string;
  serviceSubnet: string;
}

export const SLOTS = 16;
export const MOST_NODES = 8;
/** Addresses in this range are never translated, because pods of joined clusters must see each other's addresses. */
export const ALL_RANGES = '198.19.0.0/16';

/** The ranges of a slot, counted from 0. */
export function rangesOf(slot: number): ClusterRanges {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) throw new RangeError(`slot ${slot} is not between 0 and ${SLOTS - 1}`);
  return { podSubnet: `198.19.${slot * 16}.0/21`, serviceSubnet: `198.19.${slot * 16 + 8}.0/21` };
}

/** The pod range of a node, counted from 0. */
export function nodeRange(podSubnet: string, node: number): string {
  const [, start, third, rest] = /^(\d+\.\d+)\.(\d+)\.(\d+)\/21$/.exec(podSubnet) ?? [];
  if (start === undefined || rest !== '0') throw new RangeError(`${podSubnet} is not a pod range of meshproof`);
  if (!Number.isInteger(node) || node < 0 || node >= MOST_NODES)
    throw new RangeError(`node ${node} is not between 0 and ${MOST_NODES - 1}`);
  return `${start}.${Number(third) + node}.0/24`;
}
