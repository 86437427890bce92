import { notInContainers, programsWith } from '../engine/process-search.ts';
import { endProcess, isAlive, type ProcessIdentity } from '../engine/processes.ts';
import { meshModules } from '../meshes.ts';
import { runnersOn } from '../registry/runners.ts';
import { until } from '../until.ts';

/** Programs that a run starts with a cluster's folder among their arguments. */
async function programs(): Promise<RegExp> {
  const ofMeshes = (await meshModules()).map(({ tool }) => RegExp.escape(tool().name));
  return new RegExp(`^(${['kind', 'kubectl', 'k6', ...ofMeshes].join('|')})$`);
}

/**
 * The processes that make or use a cluster: by its folder among their arguments, and runners of checks by its description in their environment,
 * which outlive the command that started them when that is killed. Empty where there is no /proc.
 */
export async function clusterProcesses(folder: string): Promise<ProcessIdentity[]> {
  const [tools, runners] = await Promise.all([programsWith(await programs(), `${folder}/`), runnersOn(folder)]);
  return notInContainers([...tools, ...runners]);
}

/**
 * Waits for the Docker clients that are making a cluster's nodes. Ending one would not take its order back: the container would
 * appear later, when nobody looks for it any more.
 */
export async function clientsDone(folder: string): Promise<void> {
  const clients = await notInContainers(await programsWith(/^docker$/, `${folder}/`));
  await Promise.all(
    clients.map(async (client) => {
      const what = `Docker client ${client.pid} to carry out its order`;
      await until(async () => !(await isAlive(client)), { what, timeoutMs: 30_000 }).catch(() => endProcess(client, 5_000));
    }),
  );
}
