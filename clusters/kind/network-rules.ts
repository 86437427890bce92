import type { ReversibleScript } from './leased-process.ts';
import { DELAYER } from './delayer.ts';

/** Selects the packets that a change affects, among those that pass a pod's interfaces other than loopback. */
interface Passing {
  /** Only packets that the pod receives, or only those that it sends; default both. */
  direction?: 'in' | 'out';
  /** Addresses of the peers; default all. */
  peers?: readonly string[];
}

/** A fault on the packets of a pod. It affects existing connections as well as new ones. */
export type NetworkChange = Passing &
  (
    | { kind: 'drop' }
    /** Resets TCP connections, and answers everything else as unreachable. */
    | { kind: 'refuse' }
    /** @property share share of the packets that are dropped at random, from 0 to 1 */
    | { kind: 'loss'; share: number }
    /** Drops packets beyond this rate. */
    | { kind: 'bandwidth'; bytesPerSecond: number }
    /** Delays only the packets that the pod sends, so each round trip takes that much longer. */
    | { kind: 'latency'; ms: number; jitterMs?: number }
  );

/** The pod whose network namespace is changed. */
export interface ChangedPod {
  /** The UID of the pod, which names its cgroups. */
  uid: string;
}

/** One table covers IPv4 and IPv6. Its name contains the ID of the change, so tables of other programs are not touched. */
const FAMILY = 'inet';
/** Runs before connection tracking, so that existing connections are treated like new ones. */
const FIRST = -310;

/**
 * Changes the network namespace of a pod with a table of its own, or with one rule and a queue whose packets pass as soon as the program
 * that delays them is gone. Keeps the namespace open, so that the change can be reverted even after the pod's processes have ended.
 * @param id ID of the change: letters and digits
 */
export function networkScript(pod: ChangedPod, change: NetworkChange, id: string): ReversibleScript {
  return change.kind === 'latency' ? delaying(pod, change, id) : filtering(pod, change, id);
}

/** A command that prints the process IDs of a pod. The systemd cgroup driver writes a UID with underscores. */
export function pidsOf(uid: string): string {
  return `grep -lsE 'pod(${uid}|${uid.replaceAll('-', '_')})' /proc/[0-9]*/cgroup | cut -d / -f 3`;
}

/**
 * Defines `in_pod`, which runs a program in the pod's network namespace. Fails if that is the node's own: a fault would cut off the whole
 * node.
 */
export function enteringPod({ uid }: ChangedPod): string {
  return `
pid=$(${pidsOf(uid)} | head -n 1)
[[ -n $pid ]] || { echo 'no process of pod ${uid} runs on this node' >&2; exit 1; }
exec 9<"/proc/$pid/ns/net"
[[ ! /proc/self/fd/9 -ef /proc/self/ns/net ]] || { echo 'pod ${uid} has the network of its node' >&2; exit 1; }
in_pod() { nsenter --net=/proc/self/fd/9 "$@"; }`;
}

/**
 * Ends a revert whose `apply` never entered the pod's namespace. After this line, a list command that fails is an error: it must not be
 * mistaken for an empty list.
 */
const UNLESS_ENTERED = 'declare -F in_pod >/dev/null || exit 0';

export const tableOf = (id: string): string => `${FAMILY} meshproof_${id}`;

function filtering(pod: ChangedPod, change: Exclude<NetworkChange, { kind: 'latency' }>, id: string): ReversibleScript {
  const table = tableOf(id);
  const apply = `${enteringPod(pod)}
in_pod nft -f - <<'RULES'
table ${table} {
${chainsOf(change).join('\n')}
}
RULES`;
  const revert = `${UNLESS_ENTERED}
in_pod nft delete table ${table} 2>/dev/null || { tables=$(in_pod nft list tables) && ! grep -qx 'table ${table}' <<<"$tables"; }`;
  return { apply, revert };
}

function chainsOf({ direction, peers = [], ...change }: Exclude<NetworkChange, { kind: 'latency' }>): string[] {
  const sides = [
    { way: 'in', hook: 'prerouting', device: 'iifname', address: 'saddr' },
    { way: 'out', hook: 'output', device: 'oifname', address: 'daddr' },
  ].filter(({ way }) => direction === undefined || direction === way);
  return sides.map(({ hook, device, address }) => {
    const which = `${device} != "lo"${peers.length === 0 ? '' : ` ip ${address} { ${peers.join(', ')} }`}`;
    const rules = verdictsOf(change).map((verdict) => `    ${which} ${verdict}`);
    return [`  chain ${hook} {`, `    type filter hook ${hook} priority ${FIRST}`, ...rules, '  }'].join('\n');
  });
}

function verdictsOf(change: Exclude<NetworkChange, { kind: 'latency' }>): string[] {
  switch (change.kind) {
    case 'drop':
      return ['counter drop'];
    case 'refuse':
      // The response that rejects a packet passes the chain of the other direction.
      return [
        'tcp flags & rst == rst accept',
        'icmp type destination-unreachable accept',
        'meta l4proto tcp counter reject with tcp reset',
        'counter reject',
      ];
    case 'loss':
      return [`numgen random mod 10000 < ${Math.min(9_999, Math.round(10_000 * change.share))} counter drop`];
    default:
      return [`limit rate over ${change.bytesPerSecond} bytes/second counter drop`];
  }
}

/** Delays packets with a queue, because not every kernel has `sch_netem`, the module for that. */
function delaying(pod: ChangedPod, { peers = [], ms, jitterMs = 0 }: NetworkChange & { kind: 'latency' }, id: string): ReversibleScript {
  const queue = 1 + (Number.parseInt(id.slice(0, 6), 16) % 65_535);
  const destinations = peers.length === 0 ? '' : `-d ${peers.join(',')}`;
  const rule = `POSTROUTING ! -o lo ${destinations} -m comment --comment meshproof_${id} -j NFQUEUE --queue-num ${queue} --queue-bypass`;
  // `exec` replaces the forked shell, so that `kill` ends the program itself.
  const apply = `${enteringPod(pod)}
coproc delayer { exec nsenter --net=/proc/self/fd/9 perl -e '${DELAYER}' ${queue} ${ms} ${jitterMs} 2>&1; }
read -r -t 10 answer <&"\${delayer[0]}" || true
[[ $answer == ready ]] || { echo "packets cannot be delayed: $answer" >&2; exit 1; }
in_pod iptables -w 10 -t mangle -I ${rule}`;
  const revert = `${UNLESS_ENTERED}
while in_pod iptables -w 10 -t mangle -D ${rule} 2>/dev/null; do :; done
[[ -z $delayer_PID ]] || kill "$delayer_PID" 2>/dev/null || true
rules=$(in_pod iptables -w 10 -t mangle -S POSTROUTING) && ! grep -q meshproof_${id} <<<"$rules"`;
  return { apply, revert };
}
