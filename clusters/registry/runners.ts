import { readFile } from 'node:fs/promises';

import { CLUSTER_VARIABLE } from '../cluster.ts';
import { processesWith } from '../engine/process-search.ts';
import type { ProcessIdentity } from '../engine/processes.ts';
import { descriptionIn } from './description.ts';

/** The processes that run checks on a cluster. */
export async function runnersOn(folder: string): Promise<ProcessIdentity[]> {
  const found = await processesWith('playwright');
  const mark = `${CLUSTER_VARIABLE}=${descriptionIn(folder)}`;
  const onIt = await Promise.all(
    // The environment of another user's process cannot be read.
    found.map(async ({ pid }) => (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0').includes(mark)),
  );
  return found.filter((_, at) => onIt[at]);
}
