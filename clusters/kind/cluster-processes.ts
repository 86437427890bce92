import { notInContainers, programsWith } from '../engine/process-search.ts';
import { endProcess, isAlive, type ProcessIdentity } from '../engine/processes.ts';
import { meshModules } from '../meshes.ts';
import { runnersOn } from '../registry/runners.ts';
import { until } from '../until.ts';

/** The programs that a run starts with a cluster's folder in their arguments. */
async function programs(): Promise<RegExp> {
  const ofMeshes = (await meshModules()).map(({ tool }) => RegExp.escape(tool().name));
  return new RegExp(`^(${['kind', 'kubectl', 'k6', ...ofMeshes].join('|')})$`);
}

/**
 * The processes that create or use a cluster: tools with its folder in their arguments, and check runners with its description in their
 * environment, which outlive the command that started them if that is killed. Empty without /proc.
 */
export async function clusterProcesses(folder: string): Promise<ProcessIdentity[]> {
  const [tools, runners] = await Promise.all([programsWith(await programs(), `${folder}/`), runnersOn(folder)]);
  return notInContainers([...tools, ...runners]);
}

/**
 * Waits for the Docker clients that are creating a cluster's nodes. Killing one would not cancel its request: the container would appear
 * later, after everything else was removed.
 */
export async function untilDockerClientsEnd(folder: string): Promise<void> {
  const clients = await notInContainers(await programsWith(/^docker$/, `${folder}/`));
  await Promise.all(
    clients.map(async (client) => {
      const what = `Docker client ${client.pid} to finish its request`;
      await until(async () => !(await isAlive(client)), { what, timeoutMs: 30_000 }).catch(() => endProcess(client, 5_000));
    }),
  );
}
