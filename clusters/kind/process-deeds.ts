import type { Deed } from './leased-process.ts';
import { pidsOf } from './network-rules.ts';

/**
 * The programs of a pod that have these names are stopped: the kernel takes connections for them, and nobody answers. Afterwards they go on.
 * @param uid of the pod
 * @param programs by the kernel's names of their processes
 */
export function stopDeed(uid: string, programs: readonly string[]): Deed {
  const names = programs.map((name) => `'${name}'`).join(' ');
  const apply = `
stopped=()
for pid in $(${pidsOf(uid)}); do
  name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
  for program in ${names}; do [[ $name != "$program" ]] || { stopped+=("$pid"); kill -STOP "$pid"; }; done
done
(( \${#stopped[@]} )) || { echo 'no process of pod ${uid} is one of ${programs.join(', ')}' >&2; exit 1; }`;
  // One that has ended meanwhile need not go on.
  return { apply, undo: `for pid in "\${stopped[@]}"; do kill -CONT "$pid" 2>/dev/null || true; done` };
}

/** A piece of bash that prints how many processes of a pod are stopped. */
export function countStopped(uid: string): string {
  return `for pid in $(${pidsOf(uid)}); do sed -n 's/^State:[[:space:]]*T.*/stopped/p' "/proc/$pid/status" 2>/dev/null; done | grep -c stopped || true`;
}
