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

/** The same for a given folder of a cluster. */
export const descriptionIn = (folder: string): string => join(folder, 'cluster.json');

/** The cluster as currently described in a file, which a run may change. @throws MeshproofError `CLUSTER_UNREADABLE` */
export async function describedIn(file: string): Promise<ClusterDescription> {
  const reading = await readJson(file);
  if (reading.found === 'value') return reading.value as ClusterDescription;
  throw new MeshproofError('CLUSTER_UNREADABLE', reading.found === 'nothing' ? `${file} is gone` : reading.problem);
}

export async function writeDescription(description: ClusterDescription): Promise<void> {
  await writeWhole(descriptionFile(description.name), JSON.stringify(description, null, 2));
}

/**
 * The description of a cluster in its folder; undefined if there is none, or a sentence that says why it cannot be read. Never throws,
 * because a truncated file must not prevent the cluster's removal.
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
 * @throws the system's error if the folder may not be read, which is not the same as empty
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
 * @param unreadable called with a sentence about each description that cannot be read, which is skipped
 */
export async function clusters(unreadable: (words: string) => void = () => undefined): Promise<ClusterDescription[]> {
  const names = await clusterNames();
  const read = await Promise.all(names.map((name) => readDescription(name, folderOf(name))));
  return read.flatMap((one, at) => {
    if (typeof one === 'string') unreadable(`skipping cluster ${names[at]}: ${one}`);
    return typeof one === 'object' ? one : [];
  });
}
