import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { ListOptions } from '../kubernetes/object-options.ts';

export type Kind = readonly [apiVersion: string, kind: string];

/** Called with what the account may not list. */
export type Unseen = (what: string) => void;

/** For an account that looks for objects that it created itself: it cannot have created what it may not list. */
export const notMade: Unseen = () => undefined;

/** The objects of a kind; empty if the kind is not served, or if the account may not list it, in which case `unseen` is called. */
export async function listed(api: KubernetesApi, [apiVersion, kind]: Kind, options: ListOptions, unseen: Unseen): Promise<LiveObject[]> {
  const { namespace } = options;
  return await unlessForbidden(
    api.list(apiVersion, kind, options).catch((error: unknown) => {
      if (error instanceof ApiRefusal && error.status === 404) return [];
      throw error;
    }),
    () => unseen(namespace === undefined ? kind : `${kind} in ${namespace}`),
  );
}

/** Returns an empty list and calls `refused` if a read is forbidden. Never use it for a change. */
export async function unlessForbidden<T>(look: Promise<T[]>, refused: () => void): Promise<T[]> {
  return await look.catch((error: unknown) => {
    if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
    refused();
    return [];
  });
}
