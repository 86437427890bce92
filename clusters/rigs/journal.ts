import { isDeepStrictEqual } from 'node:util';

import type { ProcessIdentity } from '../engine/processes.ts';
import { MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { nameOf, type ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { entriesOf, isEmpty, JOURNAL, NOTHING, type JournalEntries } from './journal-entries.ts';
import { HOLDER, holderOf, leaseOf, leaseRef, ownerOf, type LeaseObject } from './lease.ts';

/**
 * Records the changes of one rig that must be reverted. An entry is written to the cluster before the change, so that the next run, `down`
 * or `sweep` can revert it from any machine.
 */
export class Journal {
  readonly #api: ObjectApi;
  readonly #rig: string;
  /** The recorded holder of the rig when this journal was opened. */
  readonly #holder: string | undefined;
  #entries: JournalEntries;
  #writing: Promise<void> = Promise.resolve();

  private constructor(api: ObjectApi, rig: string, lease: LeaseObject) {
    this.#api = api;
    this.#rig = rig;
    this.#holder = lease.metadata.annotations?.[HOLDER];
    this.#entries = entriesOf(lease);
  }

  /**
   * Reads the journal of a rig, which may contain entries of a process that has ended.
   * @param holder the process that must hold the rig: the command that this process belongs to; default any
   * @throws MeshproofError `RIG_LOST` if another process holds the rig, or the rig belongs to another owner now, whose journal it is then
   */
  static async open(api: ObjectApi, rig: string, { owner, holder }: { owner: string; holder?: ProcessIdentity }): Promise<Journal> {
    const lease = await leaseOf(api, rig, owner);
    if (ownerOf(lease) !== owner || (holder !== undefined && !isDeepStrictEqual(holderOf(lease), holder))) throw lost(rig);
    return new Journal(api, rig, lease);
  }

  get entries(): JournalEntries {
    return this.#entries;
  }

  get isEmpty(): boolean {
    return isEmpty(this.#entries);
  }

  /**
   * Adds changes that are about to be made; returns when the cluster has stored them.
   * @throws MeshproofError `RIG_LOST` if another process has taken over the rig: nothing may be changed there any more
   */
  async add({ objects = [], installations = [] }: Partial<JournalEntries>): Promise<void> {
    await this.#change((before) => {
      const known = new Set(before.objects.map(keyOf));
      const placed = new Set(before.installations.map(placeOf));
      const newObjects = objects.filter((ref) => !known.has(keyOf(ref)));
      const newInstallations = installations.filter((document) => !placed.has(placeOf(document)));
      if (newObjects.length + newInstallations.length === 0) return before;
      return { objects: [...before.objects, ...newObjects], installations: [...before.installations, ...newInstallations] };
    });
  }

  /** Removes all entries except those of objects that still exist. @throws MeshproofError `RIG_LOST`, like `add` */
  async clear(standing: readonly ObjectRef[] = []): Promise<void> {
    const still = new Set(standing.map(keyOf));
    await this.#change((before) => {
      const objects = before.objects.filter((ref) => still.has(keyOf(ref)));
      if (isEmpty(before)) return before;
      return objects.length === 0 ? NOTHING : { objects, installations: [] };
    });
  }

  /** @throws MeshproofError `RIG_LOST` if another process has taken over the rig since this journal was opened */
  async requireHeld(): Promise<void> {
    const lease = await this.#api.find<LeaseObject>(leaseRef(this.#rig));
    if (lease?.metadata.annotations?.[HOLDER] !== this.#holder) throw lost(this.#rig);
  }

  /** Serializes updates, because each builds on the result of the previous one. */
  async #change(change: (before: JournalEntries) => JournalEntries): Promise<void> {
    const before = this.#writing;
    const turn = Promise.withResolvers<void>();
    this.#writing = turn.promise;
    await before;
    try {
      const entries = change(this.#entries);
      if (entries === this.#entries) return;
      await this.#write(entries);
      this.#entries = entries;
    } finally {
      turn.resolve();
    }
  }

  async #write(entries: JournalEntries): Promise<void> {
    const value = entries === NOTHING ? null : JSON.stringify(entries);
    if (this.#holder === undefined) {
      await this.#api.patch(leaseRef(this.#rig), { metadata: { annotations: { [JOURNAL]: value } } });
      return;
    }
    const operations = [
      { op: 'test', path: pathOf(HOLDER), value: this.#holder },
      // In a JSON patch, `add` also replaces an existing value.
      value === null ? { op: 'remove', path: pathOf(JOURNAL) } : { op: 'add', path: pathOf(JOURNAL), value },
    ];
    await this.#api.patch(leaseRef(this.#rig), operations, { type: 'json' }).catch((error: unknown) => {
      throw error instanceof ApiRefusal && error.status === 422 ? lost(this.#rig, error) : error;
    });
  }
}

const lost = (rig: string, cause?: unknown): MeshproofError =>
  new MeshproofError('RIG_LOST', `another process has taken over ${rig}`, cause === undefined ? {} : { cause });

/** Path of an annotation in a JSON patch. */
const pathOf = (annotation: string): string => `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`;
const keyOf = (ref: ObjectRef): string => `${ref.apiVersion} ${nameOf(ref)}`;
const placeOf = ({ metadata }: Manifest): string => `${metadata.namespace ?? ''}/${metadata.name}`;
