import type { Leftover, LeftoversOptions } from '../../clusters/engine/leftover.ts';
import type { Work } from '../../clusters/work.ts';

/** Finds leftovers of one sort, and changes nothing. */
export type Find = (options: Required<LeftoversOptions>, work: Work) => Promise<Leftover[]>;
