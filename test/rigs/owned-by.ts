import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { owned } from '../../clusters/rigs/ownership.ts';

/** An object as an API server returns it after only meshproof applied it, for the given cluster. */
export function ownedBy(owner: string, object: Manifest): LiveObject {
  const { apiVersion, kind, metadata, ...rest } = owned(object, owner);
  const managedFields = [{ manager: 'meshproof', operation: 'Apply' }];
  const stored = { uid: `uid of ${metadata.name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', managedFields };
  return { apiVersion, kind, metadata: { ...metadata, ...stored }, ...rest };
}
