import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { identify, identityIn, lifeOf, type Life } from '../engine/processes.ts';
import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import { makeFolder, membersOf, readJson, writeWhole } from '../files.ts';
import { requireClusterName } from '../names.ts';
import { clustersFolder } from '../paths.ts';

/**
 * Whose a cluster is: `alive` while the process that made it for itself runs, `dead` when that process is gone without having removed it,
 * `none` when nobody claims it: it was made to stay. `unknown` where this machine cannot tell: another one's, or a record that cannot be read.
 */
export type Owner = 'alive' | 'dead' | 'none' | 'unknown';

/**
 * Where a cluster's files are unless it was made under another state folder.
 * @throws MeshproofError `CLUSTER_NAME` for what is no cluster's name
 */
export function folderOf(cluster: string): string {
  return join(clustersFolder(), requireClusterName(cluster));
}

const OWNER = 'owner.json';

/**
 * Makes a cluster's folder and ties the cluster to the life of this process. Of several that want one name one gets it.
 * A name that this process claimed already is its own.
 * @throws MeshproofError `CLUSTER_EXISTS` with exit code 2 where the folder is anything else's, whatever is in it
 */
export async function claimName(cluster: string): Promise<string> {
  const folder = folderOf(cluster);
  await makeFolder(clustersFolder(), 0o700).catch((cause: unknown) => {
    throw new MeshproofError('FOLDER_NOT_MADE', `${clustersFolder()} could not be created: ${causeOf(cause)}`, {
      hint: 'set MESHPROOF_STATE to a folder of this user',
      cause,
      exitCode: EXIT.usage,
    });
  });
  const isNew = await mkdir(folder, { mode: 0o700 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return false;
    },
  );
  if (!isNew && !(await isMine(folder))) {
    throw new MeshproofError('CLUSTER_EXISTS', `${folder} already contains the cluster ${cluster} or remains of it`, {
      hint: `remove it with meshproof down ${cluster}, or run meshproof sweep`,
      exitCode: EXIT.usage,
    });
  }
  await claimCluster(cluster, folder);
  return folder;
}

/**
 * Ties a cluster to the life of this process: when that has gone, the cluster is a leftover.
 * @param dockerHost of the engine on which containers of it may be from now on
 */
export async function claimCluster(cluster: string, folder: string = folderOf(cluster), dockerHost?: string): Promise<void> {
  await makeFolder(folder, 0o700);
  await writeWhole(join(folder, OWNER), JSON.stringify({ ...(await identify(process.pid)), dockerHost }));
}

/** Unties a cluster from the process that made it, so that it stays until it is removed. */
export async function keepCluster(cluster: string, folder: string = folderOf(cluster)): Promise<void> {
  await rm(join(folder, OWNER), { force: true });
}

export async function ownerOf(cluster: string, folder: string = folderOf(cluster)): Promise<Owner> {
  const reading = await readJson(join(folder, OWNER));
  if (reading.found === 'nothing') return 'none';
  return reading.found === 'value' ? lifeOf(identityIn(reading.value)) : 'unknown';
}

/** The record of the run that took a cluster which is there for any. */
export const userFile = (cluster: string): string => join(folderOf(cluster), 'user.json');

/** What became of the run that took a cluster; `none` where none did. */
export async function userOf(cluster: string): Promise<Life | 'none'> {
  const reading = await readJson(userFile(cluster));
  if (reading.found === 'nothing') return 'none';
  return reading.found === 'value' ? lifeOf(identityIn(reading.value)) : 'unknown';
}

/** The engine on which the cluster's owner made containers, as its record tells; undefined where there can be none yet. */
export async function engineOfOwner(folder: string): Promise<string | undefined> {
  const reading = await readJson(join(folder, OWNER));
  const { dockerHost } = membersOf(reading.found === 'value' ? reading.value : undefined);
  return typeof dockerHost === 'string' ? dockerHost : undefined;
}

/** Removes a cluster's files, the owner's record last: as long as anything is there, it says whose it is. */
export async function removeFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) if (name !== OWNER) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

async function isMine(folder: string): Promise<boolean> {
  const reading = await readJson(join(folder, OWNER));
  if (reading.found !== 'value') return false;
  const mine = await identify(process.pid);
  const { boot, pid, began } = identityIn(reading.value) ?? {};
  return mine.boot === boot && mine.pid === pid && mine.began === began;
}
