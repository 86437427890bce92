import type { Leftover, LeftoversOptions } from '../../clusters/engine/leftover.ts';
import type { TaskContext } from '../../clusters/task-context.ts';

/** Finds leftovers of one kind; changes nothing. */
export type Find = (options: Required<LeftoversOptions>, task: TaskContext) => Promise<Leftover[]>;
