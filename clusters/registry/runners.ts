import { readFile } from 'node:fs/promises';

import { processesWith } from '../engine/processes.ts';
import { CLUSTER_VARIABLE } from '../cluster.ts';
import { descriptionIn } from './description.ts';

/** Numbers of the processes that run checks on a cluster. */
export async function runnersOn(folder: string): Promise<number[]> {
  const pids = await processesWith('playwright');
  const mark = `${CLUSTER_VARIABLE}=${descriptionIn(folder)}`;
  const found = await Promise.all(
    // Of somebody else's process it cannot be read.
    pids.map(async (pid) => (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0').includes(mark)),
  );
  return pids.filter((_, at) => found[at]);
}
