/** A period during which a count stays the same. Times in seconds. */
interface Stretch {
  from: number;
  to: number;
  count: number;
}

/** Counts of equal steps as periods, with equal neighbours joined, because many small bars would make a large picture. */
function stretches(counts: readonly number[], stepMs: number): Stretch[] {
  const found: Stretch[] = [];
  for (const [index, count] of counts.entries()) {
    const last = found.at(-1);
    const to = ((index + 1) * stepMs) / 1_000;
    if (last?.count === count) last.to = to;
    else found.push({ from: (index * stepMs) / 1_000, to, count });
  }
  return found;
}

/** The corners of a line that holds each count for its step. */
export function corners(counts: readonly number[], stepMs: number): { at: number; count: number }[] {
  return stretches(counts, stepMs).flatMap(({ from, to, count }) => [
    { at: from, count },
    { at: to, count },
  ]);
}
