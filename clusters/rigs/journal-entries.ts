import type { ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';

/** On the Lease of a rig. A Lease is watched by no mesh, so writing it moves nothing. */
export const JOURNAL = 'meshproof.dev/journal';

/** What a check has put, or was about to put, into the cluster. */
export interface JournalEntries {
  objects: readonly ObjectRef[];
  /** Documents of installations of the mesh that are made beside the one that is there. */
  installations: readonly Manifest[];
}

export const NOTHING: JournalEntries = { objects: [], installations: [] };

export const isEmpty = ({ objects, installations }: JournalEntries): boolean => objects.length === 0 && installations.length === 0;

/** What the journal on a lease holds; nothing where someone has made it unreadable, since then it names nothing. */
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
