import type { Connection } from '../kubernetes/connection.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { refOf, type LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ApplyOptions } from '../kubernetes/object-options.ts';
import type { Journal } from './journal.ts';
import { owned, requireOurs } from './ownership.ts';

/** For which cluster and rig objects are applied. */
export interface JournalledFor {
  /** The cluster's name. */
  owner: string;
  rig: string;
}

/**
 * The API client of checks. Every applied object carries its owner's name, is recorded in the journal first, and never overwrites an object
 * of others. Once closed, it rejects every change, because a check's body that timed out keeps running in the background.
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

  /** @throws MeshproofError `NOT_OURS`, before anything is applied, or the reason that changes are refused for */
  override async apply(objects: readonly Manifest[], options: ApplyOptions = {}): Promise<LiveObject[]> {
    if (options.dryRun === true || objects.length === 0) return await super.apply(objects, options);
    return await this.during(async () => {
      const { owner, rig } = this.#for;
      const { namespace } = options;
      const labelled = objects.map((object) => owned(object, owner, rig));
      const there = await requireOurs(this, labelled, { owner, namespace, signal: options.signal });
      // The journal may record a namespace for a cluster-scoped object; building the object's path ignores it.
      await this.journal.add({
        objects: labelled.map((object) => ({ ...refOf(object), namespace: object.metadata.namespace ?? namespace })),
      });
      this.assertOpen();
      return await super.apply(labelled, { ...options, force: (object) => there.has(object) });
    });
  }

  /** Runs a change that must end before the clean-up of the check starts. */
  async during<T>(change: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const task = change();
    this.#underWay.add(task);
    return await task.finally(() => this.#underWay.delete(task));
  }

  assertOpen(): void {
    this.#closed.signal.throwIfAborted();
  }

  /** Refuses every further change with the given reason, and returns when pending ones have ended. */
  async refuseChanges(reason: Error): Promise<void> {
    this.#closed.abort(reason);
    await Promise.allSettled(this.#underWay);
  }
}
