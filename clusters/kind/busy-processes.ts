import type { ReversibleScript } from './leased-process.ts';

/** Marks the processes, so that they can be told from all others. */
const VARIABLE = 'BUSY_FOR_MESHPROOF';
/** Ends with the process that started it, however that ends, and after this many seconds in any case. */
const BURNER = String.raw`while (( SECONDS < $2 )) && kill -0 "$1" 2>/dev/null; do for (( turn = 0; turn < 5000; turn++ )); do :; done; done`;

/**
 * Keeps every CPU of a node busy: one process for each, of ordinary priority, so that the pods of the node share the CPUs with them. No
 * process does anything else, and none uses memory.
 * @param id ID of the processes: letters and digits
 * @param limitS seconds after which each process ends by itself
 */
export function busyScript(id: string, limitS: number): ReversibleScript {
  const apply = `
burners=()
for _ in $(seq "$(nproc)"); do
  ${VARIABLE}=${id} bash -c '${BURNER}' burner $$ ${limitS} </dev/null >/dev/null 2>&1 &
  burners+=("$!")
done`;
  return {
    apply,
    revert: String.raw`for pid in "${'$'}{burners[@]}"; do kill -KILL "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done`,
  };
}

/** A Bash command that prints how many of these processes run, and how many milliseconds of CPU time they have used together. */
export function busyTimeOf(id: string): string {
  return String.raw`
running=0 ticks=0
for file in $(grep -lsazxF '${VARIABLE}=${id}' /proc/[0-9]*/environ); do
  stat=$(cat "${'$'}{file%/environ}/stat" 2>/dev/null) || continue
  set -- ${'$'}{stat##*) }
  running=$((running + 1)) ticks=$((ticks + ${'$'}{12} + ${'$'}{13}))
done
echo "$running $((ticks * 1000 / $(getconf CLK_TCK)))"`;
}
