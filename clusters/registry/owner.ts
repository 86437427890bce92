import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { EngineOfCluster } from '../cluster.ts';
import { identify, identityIn, lifeOf, type Life } from '../engine/processes.ts';
import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import { makeFolder, membersOf, readJson, writeWhole } from '../files.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { requireClusterName } from '../names.ts';
import { clustersFolder } from '../paths.ts';

/**
 * State of a cluster's owner: `alive` while the process that created it for itself runs, `dead` if that process ended without removing it,
 * `none` if the cluster was created to be kept. `unknown` if this machine cannot tell: the record is from another machine, or cannot be
 * read.
 */
export type Owner = 'alive' | 'dead' | 'none' | 'unknown';

/**
 * The folder of a cluster's files, unless it was created under another state folder.
 * @throws MeshproofError `CLUSTER_NAME` for an invalid name
 */
export function folderOf(cluster: string): string {
  return join(clustersFolder(), requireClusterName(cluster));
}

const OWNER = 'owner.json';

/**
 * Creates a cluster's folder and ties the cluster to the lifetime of this process. Of several processes that want a name, only one gets it.
 * A process may claim its own name again.
 * @throws MeshproofError `CLUSTER_EXISTS` with exit code 2 if the folder belongs to something else, whatever it contains
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
      hint: `remove it with npx meshproof down ${cluster}, or run npx meshproof sweep`,
      exitCode: EXIT.usage,
    });
  }
  await claimCluster(cluster, folder);
  return folder;
}

/**
 * Ties a cluster to the lifetime of this process: once that has ended, the cluster is a leftover.
 * @param engine which may run its containers from now on
 */
export async function claimCluster(cluster: string, folder: string = folderOf(cluster), engine: EngineOfCluster = {}): Promise<void> {
  await makeFolder(folder, 0o700);
  const { dockerHost, dockerData } = engine;
  await writeWhole(join(folder, OWNER), JSON.stringify({ ...(await identify(process.pid)), dockerHost, dockerData }));
}

/** Unties a cluster from the process that created it, so that it is kept until it is removed. */
export async function keepCluster(cluster: string, folder: string = folderOf(cluster)): Promise<void> {
  await rm(join(folder, OWNER), { force: true });
}

export async function ownerOf(cluster: string, folder: string = folderOf(cluster)): Promise<Owner> {
  const reading = await readJson(join(folder, OWNER));
  if (reading.found === 'nothing') return 'none';
  return reading.found === 'value' ? lifeOf(identityIn(reading.value)) : 'unknown';
}

/** The record of the run that claimed a kept cluster. */
export const userFile = (cluster: string): string => join(folderOf(cluster), 'user.json');

/** The state of the run that claimed a cluster; `none` if none did. */
export async function userOf(cluster: string): Promise<Life | 'none'> {
  const reading = await readJson(userFile(cluster));
  if (reading.found === 'nothing') return 'none';
  return reading.found === 'value' ? lifeOf(identityIn(reading.value)) : 'unknown';
}

/** The engine on which the cluster's owner created containers, according to its record; without an address if there can be none yet. */
export async function engineOfOwner(folder: string): Promise<EngineOfCluster> {
  const reading = await readJson(join(folder, OWNER));
  const { dockerHost, dockerData } = membersOf(reading.found === 'value' ? reading.value : undefined);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return omitUndefined({ dockerHost: text(dockerHost), dockerData: text(dockerData) });
}

/** Removes a cluster's files, the owner record last: as long as anything is left, it names the owner. */
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
