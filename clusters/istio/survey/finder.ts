import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { isOfMeshproof } from '../../rigs/ownership.ts';
import type { Standing } from '../circumstances/standing.ts';
import { findMesh, type FoundMesh } from './survey.ts';

/** The mesh of a cluster, looked for when it is first asked for, and once. */
export class MeshFinder {
  readonly #access: ClusterAccess;
  readonly #revision: string | undefined;
  #found: Promise<FoundMesh> | undefined;
  #standing: Promise<Standing> | undefined;

  /** @param revision or tag; default the one that is used where nothing is said */
  constructor(access: ClusterAccess, revision?: string) {
    this.#access = access;
    this.#revision = revision;
  }

  async mesh(signal?: AbortSignal): Promise<FoundMesh> {
    this.#found ??= findMesh(this.#access, this.#revision, signal);
    return await this.#found.catch((error: unknown) => {
      // Who was there for nothing may come again.
      this.#found = undefined;
      throw error;
    });
  }

  /** What others have set up for it. */
  async standing(signal?: AbortSignal): Promise<Standing> {
    this.#standing ??= this.#read(signal);
    return await this.#standing.catch((error: unknown) => {
      this.#standing = undefined;
      throw error;
    });
  }

  async #read(signal?: AbortSignal): Promise<Standing> {
    const { istiod, config, environment, settings } = await this.mesh(signal);
    const [objects = []]: Manifest[][] = await istiod.configurations(signal);
    const { rootNamespace, clusterDomain } = settings;
    return { config, environment, rootNamespace, clusterDomain, objects: objects.filter((object) => !isOfMeshproof(object)) };
  }
}
