import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { MeshSurvey } from '../mesh/survey.ts';
import { neighbourOf, unmeshedOf } from '../rigs/rig.ts';
import { isAllowed } from './rights.ts';

/** The first part of the names of namespaces that a cluster's owner made for rigs, unless another is named. */
export const PREPROVISIONED_PREFIX = 'meshproof';

/** Names of rigs: the owner's prefix, or the run's name. */
export function rigNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-rig-${index}`);
}

/** Every namespace of a rig. */
export function namespacesOf(rig: string): string[] {
  return [rig, neighbourOf(rig), unmeshedOf(rig)];
}

/** Where the rigs of a run go. */
export interface RigNamespaces {
  rigs: string[];
  /** Whether the namespaces are there already, made by the cluster's owner, and stay. */
  preprovisioned: boolean;
}

export interface Wish {
  /** Name of the run, by which its own namespaces are called. */
  name: string;
  count: number;
  /** Prefix of namespaces that the owner made; they are then used, whatever the account may do. */
  namespaces?: string;
}

/** Namespaces that the owner made where one is named or the account may not make any; otherwise namespaces of our own. */
export async function chooseRigNamespaces(
  api: KubernetesApi,
  { name, count, namespaces }: Wish,
  signal?: AbortSignal,
): Promise<RigNamespaces> {
  const right = { where: 'cluster', group: '', resource: 'namespaces', verbs: ['create'], purpose: 'create namespaces' } as const;
  const preprovisioned =
    namespaces !== undefined || !(await isAllowed(api.connection, { verb: 'create', right, namespace: undefined }, signal));
  return { rigs: rigNames(preprovisioned ? (namespaces ?? PREPROVISIONED_PREFIX) : name, count), preprovisioned };
}

/**
 * Sees whether namespaces of the owner are there, and whether pods in them would get a proxy where one is needed.
 * @param mesh undefined where nothing was found of it, so that nobody knows
 * @throws MeshproofError `NAMESPACES_MISSING` or `NAMESPACES_UNFIT`
 */
export async function requirePreprovisioned(
  api: KubernetesApi,
  mesh: MeshSurvey | undefined,
  rigs: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  for (const rig of rigs) {
    for (const name of namespacesOf(rig)) {
      const found = await readNamespace(api, name, signal);
      const hint = 'npx meshproof rbac prints the manifests to hand to the cluster’s owner; --namespaces selects other namespaces';
      if (found === undefined) {
        throw new MeshproofError('NAMESPACES_MISSING', `the namespace ${name} does not exist, or the account may not read it`, {
          hint,
        });
      }
      const wrong = mesh === undefined ? undefined : unfitness(mesh, found.metadata, name !== unmeshedOf(rig));
      if (wrong !== undefined) throw new MeshproofError('NAMESPACES_UNFIT', `the namespace ${name} ${wrong}`, { hint });
    }
  }
}

/** Why pods in a namespace would not get the proxy that they need, or one that they must not have; undefined where all is well. */
function unfitness({ injectorOf, settings }: MeshSurvey, marks: LiveObject['metadata'], isMeshed: boolean): string | undefined {
  const { controlPlane, injection } = settings;
  const injector = injectorOf(marks);
  if (!isMeshed) return injector === undefined ? undefined : 'injects a proxy into pods that must stay outside the mesh';
  if (injector === controlPlane) return undefined;
  const needs = `it needs the label ${injection.label}=${injection.value}`;
  return injector === undefined ? `injects no proxy: ${needs}` : `gets its proxies from ${injector}, not from ${controlPlane}: ${needs}`;
}

/** The namespace, or undefined: where it cannot be read it is as good as missing, because RBAC hides which of the two it is. */
async function readNamespace(api: KubernetesApi, name: string, signal?: AbortSignal): Promise<LiveObject | undefined> {
  return await api.get({ apiVersion: 'v1', kind: 'Namespace', name }, signal).catch((error: unknown) => {
    if (error instanceof MeshproofError && error.code === 'API_REFUSED') return undefined;
    throw error;
  });
}
