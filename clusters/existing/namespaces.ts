import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { MeshSurvey } from '../mesh/survey.ts';
import { neighbourOf, unmeshedOf } from '../rigs/rig.ts';
import { isAllowed } from './rights.ts';

/** The default prefix of namespaces that a cluster's owner created for rigs. */
export const PREPROVISIONED_PREFIX = 'meshproof';

/** Names of rigs, from the owner's prefix or the run's name. */
export function rigNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-rig-${index}`);
}

/** Every namespace of a rig. */
export function namespacesOf(rig: string): string[] {
  return [rig, neighbourOf(rig), unmeshedOf(rig)];
}

/** The namespaces of a run's rigs. */
export interface RigNamespaces {
  rigs: string[];
  /** Whether the namespaces exist already, created by the cluster's owner, and are kept. */
  preprovisioned: boolean;
}

export interface Wish {
  /** The name of the run, which is the prefix of its own namespaces. */
  name: string;
  count: number;
  /** Prefix of namespaces that the owner created; they are then used, whatever the account's permissions. */
  namespaces?: string;
}

/** Chooses the owner's namespaces if a prefix is given or the account may not create any, and otherwise new ones. */
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
 * Verifies that the owner's namespaces exist, and that pods there would get a proxy if and only if one is needed.
 * @param mesh undefined if the mesh was not found, so that this is unknown
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

/** Why pods in a namespace would lack a proxy that they need, or get one that they must not have; undefined if neither is the case. */
function unfitness({ injectorOf, settings }: MeshSurvey, marks: LiveObject['metadata'], isMeshed: boolean): string | undefined {
  const { controlPlane, injection } = settings;
  const injector = injectorOf(marks);
  if (!isMeshed) return injector === undefined ? undefined : 'injects a proxy into pods that must stay outside the mesh';
  if (injector === controlPlane) return undefined;
  const needs = `it needs the label ${injection.label}=${injection.value}`;
  return injector === undefined ? `injects no proxy: ${needs}` : `gets its proxies from ${injector}, not from ${controlPlane}: ${needs}`;
}

/** The namespace; undefined if it is missing or cannot be read, because RBAC does not reveal which. */
async function readNamespace(api: KubernetesApi, name: string, signal?: AbortSignal): Promise<LiveObject | undefined> {
  return await api.get({ apiVersion: 'v1', kind: 'Namespace', name }, signal).catch((error: unknown) => {
    if (error instanceof MeshproofError && error.code === 'API_REFUSED') return undefined;
    throw error;
  });
}
