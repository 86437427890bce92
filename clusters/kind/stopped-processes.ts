import type { ReversibleScript } from './leased-process.ts';
import { pidsOf } from './network-rules.ts';

/**
 * Stops the processes of a pod that have one of these names, and continues them afterwards. A stopped process answers nothing, although the
 * kernel still accepts connections for it.
 * @param uid the UID of the pod
 * @param programs process names as the kernel reports them
 */
export function stopScript(uid: string, programs: readonly string[]): ReversibleScript {
  const names = programs.map((name) => `'${name}'`).join(' ');
  const apply = `
stopped=()
for pid in $(${pidsOf(uid)}); do
  name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
  for program in ${names}; do [[ $name != "$program" ]] || { stopped+=("$pid"); kill -STOP "$pid"; }; done
done
(( \${#stopped[@]} )) || { echo 'no process of pod ${uid} is one of ${programs.join(', ')}' >&2; exit 1; }`;
  // A process that has ended in the meantime cannot be continued.
  return { apply, revert: `for pid in "\${stopped[@]}"; do kill -CONT "$pid" 2>/dev/null || true; done` };
}

/** A Bash command that prints how many processes of a pod with one of these names are stopped, and how many of them are not. */
export function countStopped(uid: string, programs: readonly string[]): string {
  const isOne = programs.map((name) => `$1 == "Name:" && $2 == "${name}" { one = 1 }`).join(' ');
  return `
for pid in $(${pidsOf(uid)}); do
  awk '${isOne} $1 == "State:" { state = $2 } END { if (one) print state }' "/proc/$pid/status" 2>/dev/null || true
done | awk '$1 == "T" { stopped++; next } { running++ } END { print stopped + 0, running + 0 }'`;
}
