import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { membersOf, readJson, writeWhole } from '../files.ts';
import { MESHES } from '../meshes.ts';
import { isClusterName } from '../names.ts';
import { clustersFolder } from '../paths.ts';
import { folderOf } from './owner.ts';

/** The file that describes a cluster to another process. @throws MeshproofError `CLUSTER_NAME` */
export const descriptionFile = (name: string): string => descriptionIn(folderOf(name));

/** The same within a cluster's folder, wherever that is. */
export const descriptionIn = (folder: string): string => join(folder, 'cluster.json');

/** The cluster that such a file describes now: a run changes it. @throws MeshproofError `CLUSTER_UNREADABLE` */
export async function describedIn(file: string): Promise<ClusterDescription> {
  const reading = await readJson(file);
  if (reading.found === 'value') return reading.value as ClusterDescription;
  throw new MeshproofError('CLUSTER_UNREADABLE', reading.found === 'nothing' ? `${file} is gone` : reading.problem);
}

export async function writeDescription(description: ClusterDescription): Promise<void> {
  await writeWhole(descriptionFile(description.name), JSON.stringify(description, null, 2));
}

/**
 * The description of a cluster in its folder, undefined where there is none, or in words why it cannot be read.
 * Never throws: a file that was cut off while it was written must not stop whoever wants to remove it.
 */
export async function readDescription(name: string, folder: string): Promise<ClusterDescription | string | undefined> {
  const file = descriptionIn(folder);
  const reading = await readJson(file);
  if (reading.found === 'nothing') return undefined;
  if (reading.found === 'unreadable') return reading.problem;
  return describes(reading.value, name) ? reading.value : `${file} does not describe ${name}`;
}

function describes(value: unknown, name: string): value is ClusterDescription {
  const { name: described, provider, kubeconfig, context, mesh, rigs } = membersOf(value);
  const isKnown = described === name && (provider === 'kind' || provider === 'existing') && MESHES.some((one) => one === mesh);
  const isWhole = typeof kubeconfig === 'string' && typeof context === 'string' && Array.isArray(rigs);
  return isKnown && isWhole && rigs.every((rig) => typeof rig === 'string');
}

/** What to do about a cluster whose description cannot be read. */
export function hintForUnreadable(name: string): string {
  return `see what is left of it (docker ps --all --filter label=io.x-k8s.kind.cluster=${name}), then remove ${folderOf(name)}`;
}

/**
 * The names of the folders in the clusters folder that can be those of clusters.
 * @throws what the system says where this user may not look: that is not the same as none
 */
export async function clusterNames(): Promise<string[]> {
  const names = await readdir(clustersFolder()).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter(isClusterName).toSorted();
}

/**
 * The clusters whose descriptions are in the clusters folder.
 * @param unreadable is told in words of each description that cannot be read, and so is left out
 */
export async function clusters(unreadable: (words: string) => void = () => undefined): Promise<ClusterDescription[]> {
  const names = await clusterNames();
  const read = await Promise.all(names.map((name) => readDescription(name, folderOf(name))));
  return read.flatMap((one, at) => {
    if (typeof one === 'string') unreadable(`skipping cluster ${names[at]}: ${one}`);
    return typeof one === 'object' ? one : [];
  });
}
