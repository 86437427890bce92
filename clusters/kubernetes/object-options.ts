import type { TaskContext } from '../task-context.ts';
import type { Manifest } from './manifest.ts';

export interface ApplyOptions {
  /** For namespaced objects that name none. */
  namespace?: string;
  /** Whether to take over an object's fields that others manage; default true. Otherwise the server responds with a conflict (409). */
  force?: (object: Manifest) => boolean;
  /** Only validates on the server. Objects whose namespace or CRD does not exist yet are rejected. */
  dryRun?: boolean;
  /** Called with each warning of the server about an object that it accepts. */
  warned?: (object: Manifest, text: string) => void;
  signal?: AbortSignal;
}

export interface RemoveOptions extends TaskContext {
  /** For namespaced objects that name none. */
  namespace?: string;
  /** Whether to wait until the objects, and the pods of workloads, are gone; default true. */
  wait?: boolean;
  /** Default 60 000. */
  timeoutMs?: number;
  /** Overrides the grace period of pods. */
  gracePeriodSeconds?: number;
}

export interface ListOptions {
  /** Default: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Whether to request only the metadata, because definitions are long. */
  metadataOnly?: boolean;
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

/** Media types of patches, by which the API server distinguishes them. */
export const PATCHES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;
