import { ApiRefusal } from './api-error.ts';
import type { Connection } from './connection.ts';

/** The API resource of a kind. */
export interface Resource {
  plural: string;
  namespaced: boolean;
}

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/** Discovers the API resources of kinds; asks once for each group version, and again for a kind that was not found. */
export class Discovery {
  readonly #connection: Connection;
  readonly #known = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns undefined if the server does not serve the kind in that version */
  async find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const known = this.#known.get(apiVersion);
    if (known !== undefined) {
      const found = await known.then(
        (kinds) => kinds.get(kind),
        () => undefined,
      );
      if (found !== undefined) return found;
    }
    // Several objects of one kind may be looked up at once: the first call that misses the kind sends the request, the others share its
    // response.
    if (this.#known.get(apiVersion) === known) this.#known.set(apiVersion, this.#ask(apiVersion, signal));
    return (await this.#known.get(apiVersion))?.get(kind);
  }

  async #ask(apiVersion: string, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Resource>> {
    const kinds = new Map<string, Resource>();
    try {
      const path = apiRoot(apiVersion);
      const request = { description: `discovering the kinds of ${apiVersion}`, members: ['resources'] as const, signal };
      const list = await this.#connection.json<ResourceList>('GET', path, request);
      for (const { name, kind, namespaced } of list.resources) if (!name.includes('/')) kinds.set(kind, { plural: name, namespaced });
    } catch (error) {
      if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
    }
    return kinds;
  }
}

/** The path of a group version, e.g. /apis/apps/v1. */
export function apiRoot(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
