import type { ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';

/** Annotation on the Lease of a rig. No mesh watches Leases, so writing it has no side effects. */
export const JOURNAL = 'meshproof.dev/journal';

/** What a check has created, or was about to create, in the cluster. */
export interface JournalEntries {
  objects: readonly ObjectRef[];
  /** Manifests of further installations of the mesh. */
  installations: readonly Manifest[];
}

export const NOTHING: JournalEntries = { objects: [], installations: [] };

export const isEmpty = ({ objects, installations }: JournalEntries): boolean => objects.length === 0 && installations.length === 0;

/** The entries of the journal on a lease; none if the annotation cannot be parsed. */
export function entriesOf({ metadata }: { metadata: { annotations?: Record<string, string> } }): JournalEntries {
  const text = metadata.annotations?.[JOURNAL];
  if (text === undefined) return NOTHING;
  try {
    const { objects = [], installations = [] } = JSON.parse(text) as Partial<JournalEntries>;
    return { objects, installations };
  } catch {
    return NOTHING;
  }
}
