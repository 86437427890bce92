import type { Deed } from './leased-process.ts';
import { DELAYER } from './delayer.ts';

/** Which packets a change is for, of those that pass the interfaces of a pod other than loopback. */
interface Passing {
  /** Packets that the pod receives, or sends; default both. */
  direction?: 'in' | 'out';
  /** Addresses of the other side; default all. */
  peers?: readonly string[];
}

/** What becomes of packets on their way into or out of a pod, on connections that were open before as on new ones. */
export type NetworkChange = Passing &
  (
    | { kind: 'drop' }
    /** TCP connections are reset, everything else is answered as unreachable. */
    | { kind: 'refuse' }
    /** @property share of the packets that are dropped, each by chance */
    | { kind: 'loss'; share: number }
    /** What exceeds so many bytes a second is dropped. */
    | { kind: 'bandwidth'; bytesPerSecond: number }
    /** Only what the pod sends is late: a round trip takes that much longer. */
    | { kind: 'latency'; ms: number; jitterMs?: number }
  );

/** The pod whose network namespace is changed. */
export interface ChangedPod {
  /** Of its metadata, by which the kernel's control groups are named. */
  uid: string;
}

/** Both families have one table, whose name is the change's; what others have there is not touched. */
const FAMILY = 'inet';
/** Before connection tracking, so that what was open before is treated like what is new. */
const FIRST = -310;

/**
 * What is done in the network namespace of a pod, and how it is taken back: a table of its own, or one rule with a queue whose packets pass
 * as soon as the program that delays them is gone. The namespace is held open, so that it can be put right when the pod's processes have ended.
 * @param id of the change, letters and digits
 */
export function networkDeed(pod: ChangedPod, change: NetworkChange, id: string): Deed {
  return change.kind === 'latency' ? delaying(pod, change, id) : filtering(pod, change, id);
}

/** Prints the numbers of a pod's processes. systemd's driver of control groups writes a uid with underscores. */
export function pidsOf(uid: string): string {
  return `grep -lsE 'pod(${uid}|${uid.replaceAll('-', '_')})' /proc/[0-9]*/cgroup | cut -d / -f 3`;
}

/** Defines `in_pod`, which runs a program in the network namespace of the pod. That of the node is never changed: all of it would be cut off. */
export function enteringPod({ uid }: ChangedPod): string {
  return `
pid=$(${pidsOf(uid)} | head -n 1)
[[ -n $pid ]] || { echo 'no process of pod ${uid} runs on this node' >&2; exit 1; }
exec 9<"/proc/$pid/ns/net"
[[ ! /proc/self/fd/9 -ef /proc/self/ns/net ]] || { echo 'pod ${uid} has the network of its node' >&2; exit 1; }
in_pod() { nsenter --net=/proc/self/fd/9 "$@"; }`;
}

export const tableOf = (id: string): string => `${FAMILY} meshproof_${id}`;

function filtering(pod: ChangedPod, change: Exclude<NetworkChange, { kind: 'latency' }>, id: string): Deed {
  const table = tableOf(id);
  const apply = `${enteringPod(pod)}
in_pod nft -f - <<'RULES'
table ${table} {
${chainsOf(change).join('\n')}
}
RULES`;
  return { apply, undo: `in_pod nft delete table ${table} 2>/dev/null || ! in_pod nft list table ${table} 2>/dev/null` };
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
      // A refusal is a packet too, and leaves by the other chain.
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

/** The queue delays, where the kernel has no discipline for that (`sch_netem` is a module that not every kernel has). */
function delaying(pod: ChangedPod, { peers = [], ms, jitterMs = 0 }: NetworkChange & { kind: 'latency' }, id: string): Deed {
  const queue = 1 + (Number.parseInt(id.slice(0, 6), 16) % 65_535);
  const destinations = peers.length === 0 ? '' : `-d ${peers.join(',')}`;
  const rule = `POSTROUTING ! -o lo ${destinations} -m comment --comment meshproof_${id} -j NFQUEUE --queue-num ${queue} --queue-bypass`;
  // In the place of the shell that is forked for it, so that what is ended is the program itself.
  const apply = `${enteringPod(pod)}
coproc delayer { exec nsenter --net=/proc/self/fd/9 perl -e '${DELAYER}' ${queue} ${ms} ${jitterMs} 2>&1; }
read -r -t 10 answer <&"\${delayer[0]}" || true
[[ $answer == ready ]] || { echo "packets cannot be delayed: $answer" >&2; exit 1; }
in_pod iptables -w 10 -t mangle -I ${rule}`;
  const undo = `
while in_pod iptables -w 10 -t mangle -D ${rule} 2>/dev/null; do :; done
[[ -z $delayer_PID ]] || kill "$delayer_PID" 2>/dev/null || true
! in_pod iptables -w 10 -t mangle -S POSTROUTING | grep -q meshproof_${id}`;
  return { apply, undo };
}
