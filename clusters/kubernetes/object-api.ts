import { repeatedly } from '../repeatedly.ts';
import { settled } from '../settled.ts';
import { until } from '../until.ts';
import { absent, absentOrReplaced } from './absent.ts';
import { ApiRefusal, isStaleWebhook } from './api-error.ts';
import type { Connection } from './connection.ts';
import { Discovery, type Resource } from './discovery.ts';
import { omitUndefined } from './omit-undefined.ts';
import { type LiveObject, type ObjectRef, leftover, nameOf, refOf } from './live-object.ts';
import type { Manifest } from './manifest.ts';
import { type ApplyOptions, type ListOptions, type PatchOptions, PATCHES, type RemoveOptions, type WaitOptions } from './object-options.ts';
import { listPath, pathOf, placed } from './object-path.ts';
import { BINDINGS, waves } from './order.ts';

/** Kinds whose pods keep serving during their grace period, with labels that the Service of a successor may select. */
export const WORKLOADS: readonly string[] = ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'StatefulSet'];

/** The field manager that the API server records for applied objects. */
export const FIELD_MANAGER = 'meshproof';
const PAGE = 500;
/** Requests only the metadata of listed objects; a server that does not support that returns whole objects. */
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** A server may take three seconds to notice a new role; a connection to a webhook is replaced at once. */
const BRIEFLY = { attempts: 7, waitMs: 50 };

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
   * Server-side apply with strict field validation, which rejects unknown fields, and with force by default. Namespaces and CRDs come
   * first and are waited for; objects that do not need each other are applied in parallel.
   * @returns the objects as stored, in the given order
   */
  async apply(objects: readonly Manifest[], { namespace, ...options }: ApplyOptions = {}): Promise<LiveObject[]> {
    const stored = new Map<Manifest, LiveObject>();
    for (const wave of waves(objects)) {
      const works = wave.map(async (object) => {
        stored.set(object, await this.#applyPatiently(object, namespace, options));
        if (object.kind === 'CustomResourceDefinition' && options.dryRun !== true) await this.#established(object, options.signal);
      });
      await settled(works);
    }
    return objects.flatMap((object) => stored.get(object) ?? []);
  }

  /**
   * Deletes objects that were read, in the reverse order of apply; another object of the same name is kept. Objects that are gone already,
   * or whose kind is no longer served, are skipped.
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

  /** Whether the server serves the kind. A custom kind needs its definition. */
  async serves({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>, signal?: AbortSignal): Promise<boolean> {
    return (await this.#discovery.find(apiVersion, kind, signal)) !== undefined;
  }

  /** @returns undefined if there is no such object */
  async get<T extends LiveObject = LiveObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    const path = pathOf(ref, await this.#served(ref, signal));
    return await absent(this.connection.json<T>('GET', path, { description: `reading ${nameOf(ref)}`, members: ['metadata'], signal }));
  }

  /** Like `get`, but also returns undefined if the kind is not served. */
  async find<T extends LiveObject = LiveObject>(ref: ObjectRef, signal?: AbortSignal): Promise<T | undefined> {
    const resource = await this.#discovery.find(ref.apiVersion, ref.kind, signal);
    if (resource === undefined) return undefined;
    return await absent(
      this.connection.json<T>('GET', pathOf(ref, resource), { description: `reading ${nameOf(ref)}`, members: ['metadata'], signal }),
    );
  }

  /**
   * Creates an object that does not exist yet.
   * @param dryRun whether the server only returns what it would store
   * @throws ApiRefusal with status 409 if an object of that name exists
   */
  async create<T extends LiveObject = LiveObject>(object: Manifest, signal?: AbortSignal, dryRun = false): Promise<T> {
    const resource = await this.#served(object, signal);
    const ref = placed(object, resource, undefined);
    const request = {
      description: `creating ${nameOf(ref)}`,
      members: ['metadata'] as const,
      query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined },
      body: object,
      signal,
    };
    return await this.connection.json<T>('POST', listPath(object.apiVersion, resource, ref.namespace), request);
  }

  /** All objects of a kind that match the selectors, each with apiVersion and kind. */
  async list<T extends LiveObject = LiveObject>(apiVersion: string, kind: string, options: ListOptions = {}): Promise<T[]> {
    const { namespace, labelSelector, fieldSelector, metadataOnly = false, signal } = options;
    const resource = await this.#served({ apiVersion, kind }, signal);
    const path = listPath(apiVersion, resource, namespace);
    const { plural } = resource;
    const description = `listing ${plural}${namespace === undefined ? '' : ` of ${namespace}`}`;
    const found: T[] = [];
    let next: string | undefined;
    do {
      const query = { labelSelector, fieldSelector, limit: PAGE, continue: next };
      const request = {
        description,
        query,
        members: ['items', 'metadata'] as const,
        signal,
        ...(metadataOnly ? { accept: METADATA } : {}),
      };
      const page = await this.connection.json<Page<T>>('GET', path, request);
      for (const item of page.items) found.push({ ...item, apiVersion, kind });
      next = page.metadata.continue || undefined;
    } while (next !== undefined);
    return found;
  }

  /** Changes an existing object; unknown fields are rejected. */
  async patch(ref: ObjectRef, patch: unknown, { type = 'merge', subresource, signal }: PatchOptions = {}): Promise<LiveObject> {
    const path = `${pathOf(ref, await this.#served(ref, signal))}${subresource === undefined ? '' : `/${subresource}`}`;
    const query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' };
    const request = { description: `patching ${nameOf(ref)}`, query, contentType: PATCHES[type], body: patch, signal };
    return await this.connection.json<LiveObject>('PATCH', path, request);
  }

  /**
   * Waits until the condition holds for the object, which is undefined while it does not exist.
   * @param what completes the sentence "waited for …"
   * @returns the result of the condition
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

  /** Waits until this object is gone, even if another one takes its name. */
  async gone(ref: ObjectRef, uid: string, options: WaitOptions = {}): Promise<void> {
    const look = (left: LiveObject | undefined): boolean => {
      if (left === undefined || left.metadata.uid !== uid) return true;
      throw new Error(leftover(left));
    };
    await this.waitFor(ref, `${nameOf(ref)} to be gone`, look, options);
  }

  /** For an account that may not bind every role, the server responds with 404 until its cache contains the role of a binding. */
  async #applyPatiently(object: Manifest, namespace: string | undefined, options: ApplyOptions): Promise<LiveObject> {
    const isUnseen = (error: unknown): boolean =>
      BINDINGS.includes(object.kind) && options.dryRun !== true && error instanceof ApiRefusal && error.status === 404;
    return await repeatedly(
      () => this.#apply(object, namespace, options),
      (error) => isUnseen(error) || isStaleWebhook(error),
      omitUndefined({ signal: options.signal }),
      BRIEFLY,
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
    const answer = await absentOrReplaced(this.connection.json<LiveObject>('DELETE', pathOf(ref, resource), request));
    // The response is a Status if the object is gone already, and the object itself if finalizers or a grace period delay that.
    if (wait && answer !== undefined && answer.kind !== 'Status') await this.gone(ref, answer.metadata.uid, options);
  }

  async #served({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>, signal: AbortSignal | undefined): Promise<Resource> {
    const resource = await this.#discovery.find(apiVersion, kind, signal);
    if (resource !== undefined) return resource;
    const message = `the cluster of context ${this.connection.context} does not serve ${kind} in ${apiVersion}`;
    throw new ApiRefusal(message, 404, 'KindUnknown', { hint: 'check that this version of the mesh and its CRDs is installed' });
  }

  /** Waits for discovery too, which lists an established CRD a moment later. */
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
