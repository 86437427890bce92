import type { Manifest } from '../kubernetes/manifest.ts';

/** The circumstances of a check on a rig: what the owner of the mesh has configured for every namespace, or for the rig's. */
export interface Circumstances {
  /** Why its promise cannot be judged, naming the object or setting in the way; undefined if it can. */
  readonly unsupported?: string;
  /**
   * Adds objects that override, in the rig's namespaces alone, the owner's configuration that the promise does not allow for.
   * @param objects the check's objects, each with its namespace; what they configure themselves is not overridden
   */
  readonly settle: (objects: readonly Manifest[]) => Manifest[];
  /** Names of objects that affect the rig's proxies in unknown ways: a failure under them proves nothing against the mesh. */
  readonly opaque: readonly string[];
}
