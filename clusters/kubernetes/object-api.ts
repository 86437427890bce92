import { repeatedly } from '../repeatedly.ts';
import { settled } from '../settled.ts';
import { until } from '../until.ts';
import { ApiRefusal } from './api-error.ts';
import type { Connection } from './connection.ts';
import { Discovery, type Resource } from './discovery.ts';
import { omitUndefined } from './omit-undefined.ts';
import { type LiveObject, type ObjectRef, leftover, nameOf, refOf } from './live-object.ts';
import type { Manifest } from './manifest.ts';
import { type ApplyOptions, type ListOptions, type PatchOptions, PATCHES, type RemoveOptions, type WaitOptions } from './object-options.ts';
import { listPath, pathOf, placed } from './object-path.ts';
import { BINDINGS, waves } from './order.ts';

/** Kinds whose pods go on serving, under labels that a successor's Service may select, for as long as their grace period lasts. */
export const WORKLOADS: readonly string[] = ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'StatefulSet'];

/** Who applied an object, as the API server records it. */
export const FIELD_MANAGER = 'meshproof';
const PAGE = 500;
/** A server may take three seconds to see a role that was just made. */
const ROLE_UNSEEN = { attempts: 7, waitMs: 50 };

/**
 * Objects of any kind on one API server. Every method throws ApiRefusal (`API_REFUSED`) with the server's own sentence,
 * MeshproofError `API_UNREACHABLE`, or the signal's reason.
 */
export class ObjectApi {
  readonly connection: Connection;
  readonly #discovery: Discovery;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#discovery = new Discovery(connection);
  }

  /**
   * Server-side apply with strict field validation, and with force unless told otherwise: what the objects say is what is there,
   * and an unknown field is refused.
   * Namespaces and CRDs come first and are waited for; objects that do not need each other go in parallel.
   * @returns the objects as stored, in the order given
   */
  async apply(objects: readonly Manifest[], { namespace, ...options }: ApplyOptions = {}): Promise<LiveObject[]> {
    const stored = new Map<Manifest, LiveObject>();
    for (const wave of waves(objects)) {
      const works = wave.map(async (object) => {
        stored.set(object, await this.#applyWithRole(object, namespace, options));
        if (object.kind === 'CustomResourceDefinition' && options.dryRun !== true) await this.#established(object, options.signal);
      });
      await settled(works);
    }
    return objects.flatMap((object) => stored.get(object) ?? []);
  }

  /**
   * Deletes objects that were read, in the reverse order of apply, each only while it is that very one and no other of its name. Those that have
   * gone, or whose kind is not served any more, are fine.
   */
  async remove(objects: readonly LiveObject[], { namespace, ...options }: RemoveOptions = {}): Promise<void> {
    for (const wave of waves(objects).toReversed()) {
      const works = wave.map(async (object) => {
        const resource = await this.#discovery.find(object.apiVersion, object.kind, options.signal);
        if (resource !== undefined)
          await this.#remove(placed(object, resource, namespace), resource, { uid: object.metadata.uid, ...options });
      });
      await settled(works);
    }
  }

  /** Whether the server knows the kind: a custom one needs its definition. */
  async serves({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>, signal?: AbortSignal): Promise<boolean> {
    return (await this.#discovery.find(apiVersion, kind, signal)) !== undefined;
  }

  /** @returns undefined when there is no such object */
  async get<T extends LiveObject = LiveObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    const path = pathOf(ref, await this.#served(ref, signal));
    return await absent(this.connection.json<T>('GET', path, { description: `reading ${nameOf(ref)}`, members: ['metadata'], signal }));
  }

  /** As `get`, where a kind that is not served, or a place that is missing for a cluster-wide kind, is no error but an object that is not there. */
  async find<T extends LiveObject = LiveObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    const resource = await this.#discovery.find(ref.apiVersion, ref.kind, signal);
    if (resource === undefined) return undefined;
    return await absent(
      this.connection.json<T>('GET', pathOf(ref, resource), { description: `reading ${nameOf(ref)}`, members: ['metadata'], signal }),
    );
  }

  /**
   * Creates an object that is not there yet.
   * @throws ApiRefusal with status 409 when there is one of that name
   */
  async create<T extends LiveObject = LiveObject>(object: Manifest, signal?: AbortSignal): Promise<T> {
    const resource = await this.#served(object, signal);
    const ref = placed(object, resource, undefined);
    const request = {
      description: `creating ${nameOf(ref)}`,
      members: ['metadata'] as const,
      query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' },
      body: object,
      signal,
    };
    return await this.connection.json<T>('POST', listPath(object.apiVersion, resource, ref.namespace), request);
  }

  /** All objects of a kind that the selectors let through, each with apiVersion and kind. */
  async list<T extends LiveObject = LiveObject>(apiVersion: string, kind: string, options: ListOptions = {}): Promise<T[]> {
    const { namespace, labelSelector, fieldSelector, signal } = options;
    const resource = await this.#served({ apiVersion, kind }, signal);
    const path = listPath(apiVersion, resource, namespace);
    const { plural } = resource;
    const description = `listing ${plural}${namespace === undefined ? '' : ` of ${namespace}`}`;
    const found: T[] = [];
    let next: string | undefined;
    do {
      const query = { labelSelector, fieldSelector, limit: PAGE, continue: next };
      const page = await this.connection.json<Page<T>>('GET', path, { description, query, members: ['items', 'metadata'], signal });
      for (const item of page.items) found.push({ ...item, apiVersion, kind });
      next = page.metadata.continue || undefined;
    } while (next !== undefined);
    return found;
  }

  /** Changes an object that exists; unknown fields are refused. */
  async patch(ref: ObjectRef, patch: unknown, { type = 'merge', subresource, signal }: PatchOptions = {}): Promise<LiveObject> {
    const path = `${pathOf(ref, await this.#served(ref, signal))}${subresource === undefined ? '' : `/${subresource}`}`;
    const query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' };
    const request = { description: `patching ${nameOf(ref)}`, query, contentType: PATCHES[type], body: patch, signal };
    return await this.connection.json<LiveObject>('PATCH', path, request);
  }

  /**
   * Waits until the condition holds of the object; it is given undefined while there is none.
   * @param what completes the sentence "waited for …"
   * @returns what the condition returned
   */
  async waitFor<T>(
    ref: ObjectRef,
    what: string,
    condition: (object: LiveObject | undefined) => T | undefined | false,
    { timeoutMs = 60_000, signal, progress }: WaitOptions = {},
  ): Promise<T> {
    progress?.(what);
    return await until(async () => condition(await this.get(ref, signal)), { what, timeoutMs, ...omitUndefined({ signal }) });
  }

  /** Waits until that very object, and not merely its name, is gone. */
  async gone(ref: ObjectRef, uid: string, options: WaitOptions = {}): Promise<void> {
    const look = (left: LiveObject | undefined): boolean => {
      if (left === undefined || left.metadata.uid !== uid) return true;
      throw new Error(leftover(left));
    };
    await this.waitFor(ref, `${nameOf(ref)} to be gone`, look, options);
  }

  /** Until the server has seen the role of a binding in its cache, it answers that account 404 which may not bind every role. */
  async #applyWithRole(object: Manifest, namespace: string | undefined, options: ApplyOptions): Promise<LiveObject> {
    const isUnseen = (error: unknown): boolean =>
      BINDINGS.includes(object.kind) && options.dryRun !== true && error instanceof ApiRefusal && error.status === 404;
    return await repeatedly(
      () => this.#apply(object, namespace, options),
      isUnseen,
      omitUndefined({ signal: options.signal }),
      ROLE_UNSEEN,
    );
  }

  async #apply(
    object: Manifest,
    namespace: string | undefined,
    { force = () => true, dryRun = false, warned, signal }: ApplyOptions,
  ): Promise<LiveObject> {
    const resource = await this.#served(object, signal);
    const ref = placed(object, resource, namespace);
    return await this.connection.json<LiveObject>('PATCH', pathOf(ref, resource), {
      description: `applying ${nameOf(ref)}`,
      members: ['metadata'],
      query: { fieldManager: FIELD_MANAGER, force: force(object), fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined },
      contentType: 'application/apply-patch+yaml',
      body: { ...object, metadata: { ...object.metadata, namespace: ref.namespace } },
      signal,
      ...(warned === undefined ? {} : { warned: (text: string) => warned(object, text) }),
    });
  }

  async #remove(
    ref: ObjectRef,
    resource: Resource,
    { uid, wait = true, gracePeriodSeconds, ...options }: RemoveOptions & { uid: string },
  ): Promise<void> {
    const query = { propagationPolicy: wait && WORKLOADS.includes(ref.kind) ? 'Foreground' : 'Background', gracePeriodSeconds };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
    const request = { description: `removing ${nameOf(ref)}`, query, body, signal: options.signal };
    const answer = await goneOrOther(this.connection.json<LiveObject>('DELETE', pathOf(ref, resource), request));
    // The answer is a Status when the object went at once, and the object itself while finalizers or a grace period hold it.
    if (wait && answer !== undefined && answer.kind !== 'Status') await this.gone(ref, answer.metadata.uid, options);
  }

  async #served({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>, signal: AbortSignal | undefined): Promise<Resource> {
    const resource = await this.#discovery.find(apiVersion, kind, signal);
    if (resource !== undefined) return resource;
    const message = `the cluster of context ${this.connection.context} does not serve ${kind} in ${apiVersion}`;
    throw new ApiRefusal(message, 404, 'KindUnknown', { hint: 'check that this version of the mesh and its CRDs is installed' });
  }

  /** An established CRD is served a moment before discovery tells of it. */
  async #established(crd: Manifest, signal: AbortSignal | undefined): Promise<void> {
    const ref = refOf(crd);
    const look = async (): Promise<boolean> => {
      const seen = await this.get<CustomResourceDefinition>(ref, signal);
      if (seen?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') !== true) return false;
      const { group, names, versions } = seen.spec;
      const served = versions.filter((version) => version.served).map(({ name }) => `${group}/${name}`);
      const found = await Promise.all(served.map((apiVersion) => this.#discovery.find(apiVersion, names.kind, signal)));
      return !found.includes(undefined);
    };
    await until(look, { what: `${nameOf(ref)} to be served`, timeoutMs: 30_000, ...omitUndefined({ signal }) });
  }
}

interface CustomResourceDefinition extends LiveObject {
  spec: { group: string; names: { kind: string }; versions: { name: string; served: boolean }[] };
}

interface Page<T> {
  items: T[];
  metadata: { continue?: string };
}

/** What is to be removed has gone already, also when another of its name is there. */
async function goneOrOther<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await absent(answer);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409 && /precondition/i.test(error.message)) return undefined;
    throw error;
  }
}

async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}
