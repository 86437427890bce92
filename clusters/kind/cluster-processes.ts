import { basename } from 'node:path';

import { commandLine, endProcess, identify, isAlive, processesWith } from '../engine/processes.ts';
import { runnersOn } from '../registry/runners.ts';
import { until } from '../until.ts';

/** Programs that a run starts with a cluster's folder among their arguments. */
const PROGRAMS = ['kind', 'kubectl', 'istioctl', 'linkerd', 'k6'];

/**
 * Numbers of the processes that make or use a cluster: by its folder among their arguments, and runners of checks by its description in their
 * environment, which outlive the command that started them when that is killed. Empty where there is no /proc.
 */
export async function clusterProcesses(folder: string): Promise<number[]> {
  const [programs, runners] = await Promise.all([processesOf(folder, PROGRAMS), runnersOn(folder)]);
  return [...programs, ...runners];
}

/**
 * Waits for the Docker clients that are making a cluster's nodes. Ending one would not take its order back: the container would
 * appear later, when nobody looks for it any more.
 */
export async function clientsDone(folder: string): Promise<void> {
  const pids = await processesOf(folder, ['docker']);
  await Promise.all(
    pids.map(async (pid) => {
      const client = await identify(pid);
      const what = `Docker client ${pid} to carry out its order`;
      await until(async () => !(await isAlive(client)), { what, timeoutMs: 30_000 }).catch(() => endProcess(pid, 5_000));
    }),
  );
}

async function processesOf(folder: string, programs: readonly string[]): Promise<number[]> {
  const pids = await processesWith(`${folder}/`);
  const ours = await Promise.all(pids.map(async (pid) => programs.includes(basename((await commandLine(pid))[0] ?? ''))));
  return pids.filter((_, at) => ours[at]);
}
