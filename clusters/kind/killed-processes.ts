import { pidsOf } from './network-rules.ts';

/** The process that keeps a pod's network: without it, the pod would get another address. */
const KEEPER = 'pause';

/** Defines `started`, which prints when a process started, by which a process is told from a later one with the same ID; nothing if it has ended. */
const STARTED = String.raw`
started() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  set -- ${'$'}{stat##*) }
  [[ $1 == Z ]] || echo "${'$'}{20}"
}`;

/**
 * A Bash script that kills the processes of a pod, and prints the ID and the start time of each, separated by a colon.
 * @param uid the UID of the pod
 * @param programs process names as the kernel reports them; default all but the one that keeps the pod's network
 */
export function killScript(uid: string, programs?: readonly string[]): string {
  const isChosen = programs === undefined ? `[[ $name != ${KEEPER} ]]` : `[[ $name == @(${programs.join('|')}) ]]`;
  return `shopt -s extglob${STARTED}
for pid in $(${pidsOf(uid)}); do
  name=$(cat "/proc/$pid/comm" 2>/dev/null) && ${isChosen} || continue
  at=$(started "$pid")
  [[ -z $at ]] || ! kill -KILL "$pid" 2>/dev/null || echo "$pid:$at"
done`;
}

/** A Bash script that prints how many of these processes, as `killScript` printed them, have not ended. */
export function countLiving(processes: readonly string[]): string {
  return `${STARTED}
living=0
for one in ${processes.join(' ')}; do [[ $(started "\${one%:*}") != "\${one#*:}" ]] || living=$((living + 1)); done
echo $living`;
}
