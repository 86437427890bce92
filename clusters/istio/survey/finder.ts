import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { once } from '../../once.ts';
import { isOfMeshproof } from '../../rigs/ownership.ts';
import type { Standing } from '../circumstances/standing.ts';
import { findMesh, type FoundMesh } from './survey.ts';

/** The mesh of a cluster, which is looked up once, on first use. */
export class MeshFinder {
  readonly mesh: (signal?: AbortSignal) => Promise<FoundMesh>;
  /** What others have configured for it. */
  readonly standing: (signal?: AbortSignal) => Promise<Standing>;

  /** @param revision revision or tag; default the one that is used if none is given */
  constructor(access: ClusterAccess, revision?: string) {
    this.mesh = once((signal) => findMesh(access, revision, signal));
    this.standing = once((signal) => this.#read(signal));
  }

  async #read(signal?: AbortSignal): Promise<Standing> {
    const { istiod, config, environment, settings } = await this.mesh(signal);
    const [objects = []]: Manifest[][] = await istiod.configurations(signal);
    const { rootNamespace, clusterDomain } = settings;
    return { config, environment, rootNamespace, clusterDomain, objects: objects.filter((object) => !isOfMeshproof(object)) };
  }
}
