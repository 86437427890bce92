/**
 * Pods and services of all clusters live in 198.19.0.0/16 (see clusters/engine/addresses.ts). It is cut into 16 slots of /20,
 * one a cluster, so that any two clusters can be joined. The lower half of a slot is for pods, a /24 for each of up to
 * eight nodes; the upper half is for services.
 */
export interface ClusterRanges {
  podSubnet: string;
  serviceSubnet: string;
}

export const SLOTS = 16;
export const MOST_NODES = 8;
/** What no cluster may translate: pods of joined clusters see each other's addresses. */
export const ALL_RANGES = '198.19.0.0/16';

/** The ranges of a slot, from 0. */
export function rangesOf(slot: number): ClusterRanges {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) throw new RangeError(`slot ${slot} is not one of 0 to ${SLOTS - 1}`);
  return { podSubnet: `198.19.${slot * 16}.0/21`, serviceSubnet: `198.19.${slot * 16 + 8}.0/21` };
}

/** The pod range of the node with this number, from 0. */
export function nodeRange(podSubnet: string, node: number): string {
  const [, start, third, rest] = /^(\d+\.\d+)\.(\d+)\.(\d+)\/21$/.exec(podSubnet) ?? [];
  if (start === undefined || rest !== '0') throw new RangeError(`${podSubnet} is not a pod range of meshproof`);
  if (!Number.isInteger(node) || node < 0 || node >= MOST_NODES) throw new RangeError(`node ${node} is not one of 0 to ${MOST_NODES - 1}`);
  return `${start}.${Number(third) + node}.0/24`;
}
