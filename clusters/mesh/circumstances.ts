import type { Manifest } from '../kubernetes/manifest.ts';

/** Under what a check is judged on a rig: what the owner of the mesh has set up for every namespace, or for the rig's. */
export interface Circumstances {
  /** Why its promise cannot be judged, naming the object or setting in the way; undefined where it can. */
  readonly unsupported?: string;
  /**
   * The objects of the check with those that undo, in the namespaces of the rig alone, what the owner has set up and the promise does without.
   * @param objects what the check is to have, each with its namespace; its own word on a matter is left as it is
   */
  readonly settle: (objects: readonly Manifest[]) => Manifest[];
  /** What acts on the proxies of the rig without anybody knowing its effect, each by name: what is seen under it proves nothing against the mesh. */
  readonly opaque: readonly string[];
}
