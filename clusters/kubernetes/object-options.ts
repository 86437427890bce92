import type { TaskContext } from '../task-context.ts';
import type { Manifest } from './manifest.ts';

export interface ApplyOptions {
  /** For namespaced objects that name none. */
  namespace?: string;
  /** Whether to take over fields that others manage; default: of every object. Without, the server answers with a conflict (409). */
  force?: (object: Manifest) => boolean;
  /** Let the server judge and change nothing. Objects whose namespace or CRD is yet to come are refused. */
  dryRun?: boolean;
  /** Called with what the server warns of while it accepts an object. */
  warned?: (object: Manifest, text: string) => void;
  signal?: AbortSignal;
}

export interface RemoveOptions extends TaskContext {
  /** For namespaced objects that name none. */
  namespace?: string;
  /** Whether to return only when the objects are gone, and the pods of workloads with them; default true. */
  wait?: boolean;
  /** Default 60 000. */
  timeoutMs?: number;
  /** What pods get instead of their own grace period. */
  gracePeriodSeconds?: number;
}

export interface ListOptions {
  /** Default: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal?: AbortSignal;
}

export interface PatchOptions {
  type?: keyof typeof PATCHES;
  /** e.g. scale. */
  subresource?: string;
  signal?: AbortSignal;
}

export interface WaitOptions extends TaskContext {
  /** Default 60 000. */
  timeoutMs?: number;
}

/** Media types of a patch, as the API server tells them apart. */
export const PATCHES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;
