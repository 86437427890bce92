import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { identify, isAlive, type ProcessIdentity } from '../../clusters/engine/processes.ts';
import { ownerOf } from '../../clusters/kind/owner.ts';
import { clustersFolder } from '../../clusters/paths.ts';

/** Takes a cluster that is there for this process, so that two runs never share its rigs. False when a running process has it. */
export async function occupy(cluster: string): Promise<boolean> {
  const me = JSON.stringify(await identify(process.pid));
  const write = () => writeFile(userFile(cluster), me, { flag: 'wx' }).then(() => true, unlessThere);
  if (await write()) return true;
  if (await isInUse(cluster)) return false;
  await vacate(cluster);
  return write();
}

export async function vacate(cluster: string): Promise<void> {
  await rm(userFile(cluster), { force: true });
}

/** Whether a running process has the cluster: one that made it for itself, or one that took it. */
export async function isInUse(cluster: string): Promise<boolean> {
  if ((await ownerOf(cluster)) === 'alive') return true;
  try {
    const user: ProcessIdentity = JSON.parse(await readFile(userFile(cluster), 'utf8'));
    return await isAlive(user);
  } catch {
    return false;
  }
}

function userFile(cluster: string): string {
  return join(clustersFolder(), cluster, 'user.json');
}

function unlessThere(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}
