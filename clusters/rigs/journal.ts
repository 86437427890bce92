import { nameOf, type ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { leaseOf, leaseRef, type LeaseObject } from './lease.ts';

/** On the Lease of a rig. A Lease is watched by no mesh, so writing it moves nothing. */
const JOURNAL = 'meshproof.dev/journal';

/** What a check has put, or was about to put, into the cluster. */
export interface JournalEntries {
  objects: readonly ObjectRef[];
  /** Documents of installations of the mesh that are made beside the one that is there. */
  installations: readonly Manifest[];
}

const NOTHING: JournalEntries = { objects: [], installations: [] };

/**
 * What must be taken back in the name of one rig. It is written before the deed and kept in the cluster, so that whoever finds the rig can
 * take it back: the next run, `down` or `sweep`, on any machine.
 */
export class Journal {
  readonly #api: ObjectApi;
  readonly #rig: string;
  #entries: JournalEntries;

  private constructor(api: ObjectApi, rig: string, entries: JournalEntries) {
    this.#api = api;
    this.#rig = rig;
    this.#entries = entries;
  }

  /** Reads the journal of a rig, which may hold what a process has left that is gone. */
  static async open(api: ObjectApi, rig: string, owner: string): Promise<Journal> {
    return new Journal(api, rig, entriesOf(await leaseOf(api, rig, owner)));
  }

  get entries(): JournalEntries {
    return this.#entries;
  }

  get isEmpty(): boolean {
    return isEmpty(this.#entries);
  }

  /** Adds what is about to be made; returns when the cluster has stored it. */
  async add({ objects = [], installations = [] }: Partial<JournalEntries>): Promise<void> {
    const known = new Set(this.#entries.objects.map(keyOf));
    const placed = new Set(this.#entries.installations.map(placeOf));
    const newObjects = objects.filter((ref) => !known.has(keyOf(ref)));
    const newInstallations = installations.filter((document) => !placed.has(placeOf(document)));
    if (newObjects.length + newInstallations.length === 0) return;
    await this.#write({
      objects: [...this.#entries.objects, ...newObjects],
      installations: [...this.#entries.installations, ...newInstallations],
    });
  }

  /** Forgets everything that has been taken back: all but what still stands. */
  async clear(standing: readonly ObjectRef[] = []): Promise<void> {
    if (this.isEmpty) return;
    const still = new Set(standing.map(keyOf));
    const objects = this.#entries.objects.filter((ref) => still.has(keyOf(ref)));
    await this.#write(objects.length === 0 ? NOTHING : { objects, installations: [] });
  }

  async #write(entries: JournalEntries): Promise<void> {
    const annotations = { [JOURNAL]: entries === NOTHING ? null : JSON.stringify(entries) };
    await this.#api.patch(leaseRef(this.#rig), { metadata: { annotations } });
    this.#entries = entries;
  }
}

export const isEmpty = ({ objects, installations }: JournalEntries): boolean => objects.length === 0 && installations.length === 0;

/** What the journal on a lease holds; nothing where somebody has made it unreadable, since then it names nothing. */
export function entriesOf({ metadata }: LeaseObject): JournalEntries {
  const text = metadata.annotations?.[JOURNAL];
  if (text === undefined) return NOTHING;
  try {
    const { objects = [], installations = [] } = JSON.parse(text) as Partial<JournalEntries>;
    return { objects, installations };
  } catch {
    return NOTHING;
  }
}

const keyOf = (ref: ObjectRef): string => `${ref.apiVersion} ${nameOf(ref)}`;
const placeOf = ({ metadata }: Manifest): string => `${metadata.namespace ?? ''}/${metadata.name}`;
