import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { ListOptions } from '../kubernetes/object-options.ts';

export type Kind = readonly [apiVersion: string, kind: string];

/** Is told of what the account may not look at. */
export type Unseen = (what: string) => void;

/** For an account that looks for what it has made itself: where it may not look, it has made nothing. */
export const notMade: Unseen = () => undefined;

/** Objects of a kind; none where it is not served, and none where the account may not list it, of which `unseen` is told. */
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

/** What a look returns; an empty list where the account is refused it, which is then told. A change must never be looked at in this way. */
export async function unlessForbidden<T>(look: Promise<T[]>, refused: () => void): Promise<T[]> {
  return await look.catch((error: unknown) => {
    if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
    refused();
    return [];
  });
}
