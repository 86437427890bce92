import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterDescription, Mesh } from './cluster.ts';
import type { AppliedKind } from './existing/rights.ts';
import { MeshproofError } from './errors.ts';
import { clustersFolder } from './paths.ts';
import type { Work } from './work.ts';

/** A cluster that somebody else owns. */
export interface ExistingProvider {
  kind: 'existing';
  kubeconfig?: string;
  context?: string;
  /** Prefix of namespaces that the owner made for rigs; without it our own are made, where that is allowed. */
  namespaces?: string;
  /** Of which kinds the run's checks apply objects, in their rig and in the mesh's root namespace; default none. */
  applies?: { kinds: readonly AppliedKind[]; meshWide: readonly AppliedKind[] };
}

export interface UpOptions {
  mesh: Mesh;
  /** Default: one chosen at random, `meshproof-<4 hex digits>`. */
  name?: string;
  provider: { kind: 'kind'; nodes: number } | ExistingProvider;
  /** auto, pull, build, or a folder of image archives. */
  images: string;
  /** Whether a private engine may be installed and started where Docker is missing. */
  engine: boolean;
  /** As many rigs as test workers. */
  rigs: number;
}

/** What a provider needs to know of a cluster that is to be. */
export interface RaiseOptions extends UpOptions {
  /** Writes down what is about to be made where only a description tells of it, so that a sweep finds it when this process is killed. */
  note: (description: ClusterDescription) => Promise<void>;
  /** Takes that back: nothing of it is left. */
  forget: () => Promise<void>;
}

/** The file that describes a cluster to another process. */
export const descriptionFile = (name: string): string => join(clustersFolder(), name, 'cluster.json');

/** Brings up a cluster with a mesh and its rigs, and leaves its description in the clusters folder. On error nothing is left, or what is left is described there. */
export async function up(options: UpOptions, work: Work): Promise<ClusterDescription> {
  const name = options.name ?? `meshproof-${randomBytes(2).toString('hex')}`;
  if ((await clusters()).some((cluster) => cluster.name === name)) {
    throw new MeshproofError('CLUSTER_EXISTS', `there is already a cluster ${name}`, { hint: `meshproof down ${name}` });
  }
  const folder = join(clustersFolder(), name);
  await mkdir(folder, { recursive: true });
  try {
    const { raise } = options.provider.kind === 'kind' ? await import('./kind/raise.ts') : await import('./existing/raise.ts');
    const note = async (description: ClusterDescription) => await writeFile(descriptionFile(name), JSON.stringify(description, null, 2));
    const forget = async () => await rm(descriptionFile(name), { force: true });
    const description = await raise(name, join(folder, 'kubeconfig'), { ...options, note, forget }, work);
    await note(description);
    return description;
  } catch (error) {
    // What could not be removed is still described, for a sweep to finish; its kubeconfig is needed for that.
    if (!existsSync(descriptionFile(name))) await rm(folder, { recursive: true, force: true });
    if (options.provider.kind === 'kind') await stopEngine();
    throw error;
  }
}

/** Removes a cluster, and the private engine with the last one. */
export async function down(name: string, work: Work): Promise<void> {
  const cluster = (await clusters()).find((one) => one.name === name);
  if (cluster === undefined) {
    const names = (await clusters()).map((one) => one.name).join(', ');
    throw new MeshproofError('CLUSTER_UNKNOWN', `there is no cluster ${name}`, {
      hint: names === '' ? 'none is up' : `up are: ${names}`,
      exitCode: 2,
    });
  }
  const { lower } = cluster.provider === 'kind' ? await import('./kind/raise.ts') : await import('./existing/raise.ts');
  await lower(cluster, work);
  await rm(join(clustersFolder(), name), { recursive: true, force: true });
  if (cluster.provider === 'kind') await stopEngine(work);
}

/** Ends the private engine, unless something still runs on it or another process is about to use it. */
async function stopEngine(work: Work = {}): Promise<void> {
  await (await import('./engine/engine.ts')).stopEngine(work);
}

/** The clusters whose descriptions are in the clusters folder. */
export async function clusters(): Promise<ClusterDescription[]> {
  const names = await readdir(clustersFolder()).catch(() => [] as string[]);
  const texts = await Promise.all(names.map((name) => readFile(descriptionFile(name), 'utf8').catch(() => undefined)));
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as ClusterDescription]));
}
