import type { Connection } from '../kubernetes/connection.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { refOf, type LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ApplyOptions } from '../kubernetes/object-options.ts';
import type { Journal } from './journal.ts';
import { owned, requireOurs } from './ownership.ts';

/** In whose name objects are applied. */
export interface JournalledFor {
  /** The cluster's name. */
  owner: string;
  rig: string;
}

/**
 * The API server as checks may change it: what is applied carries its owner's name, is in the journal before it is there, and overwrites nothing that
 * others made. Once closed, nothing can be applied any more: a body that was cut off runs on, unheard.
 */
export class JournalledApi extends KubernetesApi {
  readonly journal: Journal;
  readonly #for: JournalledFor;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closed = new AbortController();

  constructor(connection: Connection, journal: Journal, whose: JournalledFor) {
    super(connection);
    this.journal = journal;
    this.#for = whose;
  }

  /** @throws MeshproofError `NOT_OURS`, before anything is applied, and what the API was closed with */
  override async apply(objects: readonly Manifest[], options: ApplyOptions = {}): Promise<LiveObject[]> {
    if (options.dryRun === true || objects.length === 0) return await super.apply(objects, options);
    return await this.during(async () => {
      const { owner, rig } = this.#for;
      const { namespace } = options;
      const labelled = objects.map((object) => owned(object, owner, rig));
      const there = await requireOurs(this, labelled, { owner, namespace, signal: options.signal });
      // A namespace on a cluster-wide object is dropped by the path, so the journal may have one too many.
      await this.journal.add({
        objects: labelled.map((object) => ({ ...refOf(object), namespace: object.metadata.namespace ?? namespace })),
      });
      this.assertOpen();
      return await super.apply(labelled, { ...options, force: (object) => there.has(object) });
    });
  }

  /** Runs a change that the end of the check must wait for before it takes anything back. */
  async during<T>(change: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const task = change();
    this.#underWay.add(task);
    return await task.finally(() => this.#underWay.delete(task));
  }

  assertOpen(): void {
    this.#closed.signal.throwIfAborted();
  }

  /** Refuses every change from now on, with that reason, and returns when those under way have ended. */
  async refuseChanges(reason: Error): Promise<void> {
    this.#closed.abort(reason);
    await Promise.allSettled(this.#underWay);
  }
}
