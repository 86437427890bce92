import { EXIT, MeshproofError, causeOf } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { AppliedByChecks, ExistingProvider } from '../provider.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { MeshSurvey } from '../mesh/survey.ts';
import { shellWord } from '../printable.ts';
import type { SampleOptions } from '../rigs/agent.ts';
import { admissions, samplePods } from './admission.ts';
import { namespacesOf, chooseRigNamespaces, type RigNamespaces } from './namespaces.ts';
import { quotaShortages } from './quotas.ts';
import { accountOf, type AppliedKind, denials, inWords, rightsNeeded, type Denial } from './rights.ts';
import { networkPolicies } from './traffic.ts';

/** What is known about an existing cluster before anything is created in it. */
export interface ClusterInspection extends RigNamespaces {
  account: string;
  denied: Denial[];
  /** Facts about the mesh, or why there are none. */
  mesh: MeshSurvey | string;
}

export interface SurveyOptions {
  name: string;
  count: number;
  provider: ExistingProvider;
}

/** Finds out which account is used, where rigs would be deployed, and which permissions are missing. Read-only. */
export async function inspectCluster(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { name, count, provider }: SurveyOptions,
  signal?: AbortSignal,
): Promise<ClusterInspection> {
  const { kinds, meshWide, assumes, uses } = provider.applies ?? NOTHING;
  const [account, places, found] = await Promise.all([
    accountOf(api.connection, signal),
    chooseRigNamespaces(api, { name, count, ...omitUndefined({ namespaces: provider.namespaces }) }, signal),
    surveyed(mesh, signal),
  ]);
  const isFound = typeof found !== 'string';
  const settling = isFound ? await settlingKinds(mesh, assumes, places.rigs[0] ?? name, signal) : [];
  const needs = { createNamespaces: !places.preprovisioned, pulls: provider.pullSecret !== undefined };
  const rights = rightsNeeded({ kinds: [...kinds, ...settling], meshWide, ...needs, mesh: mesh.facts, uses });
  const { usualNamespace } = mesh.facts;
  const denied = await denials(
    api.connection,
    rights,
    {
      // For namespaces that do not exist yet, the permissions are needed in all namespaces.
      rig: places.preprovisioned ? places.rigs.flatMap(namespacesOf) : [],
      control: isFound ? found.settings.controlPlaneNamespace : usualNamespace,
      root: isFound ? found.settings.rootNamespace : usualNamespace,
    },
    signal,
  );
  return { ...places, account: account ?? 'the account', denied, mesh: found };
}

/** Used if it is not known yet what the checks of a run do. */
const NOTHING: AppliedByChecks = {
  kinds: [],
  meshWide: [],
  assumes: [],
  uses: { manualInjection: false, load: false, injectorOutage: false },
};

/** The kinds of the objects that are added to those of the checks because of the cluster's configuration. */
export async function settlingKinds(
  mesh: MeshAdapter,
  assumes: AppliedByChecks['assumes'],
  rig: string,
  signal?: AbortSignal,
): Promise<AppliedKind[]> {
  const { settle } = await mesh.circumstances(assumes, rig, omitUndefined({ signal }));
  const kinds = new Set(settle([]).map(({ kind }) => kind));
  return mesh.facts.settledBy.filter(({ kind }) => kinds.has(kind));
}

/**
 * Facts about the mesh, or why there are none.
 * @throws MeshproofError with exit code 2 if something that was requested does not exist, such as a revision
 */
async function surveyed(mesh: MeshAdapter, signal?: AbortSignal): Promise<MeshSurvey | string> {
  return await mesh.survey(omitUndefined({ signal })).catch((error: unknown) => {
    if (error instanceof MeshproofError && error.exitCode === EXIT.usage) throw error;
    return causeOf(error);
  });
}

/** @throws MeshproofError `MESH_MISSING` */
export function requireMesh({ mesh }: ClusterInspection, name: string, context: string): MeshSurvey {
  if (typeof mesh !== 'string') return mesh;
  throw new MeshproofError('MESH_MISSING', `no ${name} was found in ${context}: ${mesh}`, {
    hint: 'install the mesh first, or use --provider=kind',
  });
}

/** @throws MeshproofError `FORBIDDEN`, in one sentence, if the account lacks a permission that a run needs */
export function requireRights({ account, denied }: ClusterInspection, context: string): void {
  const [first] = denied;
  if (first === undefined) return;
  const others = denied.length === 1 ? '' : ` (and ${denied.length - 1} more)`;
  throw new MeshproofError('FORBIDDEN', `${account} may not ${inWords(first)}${others}, which is required to ${first.right.purpose}`, {
    hint: `npx meshproof doctor --provider=existing --context=${shellWord(context)} lists them all; npx meshproof rbac prints the manifests to hand to the cluster’s owner`,
  });
}

/**
 * Whether policies, quotas and limits admit the samples. Uses dry runs, so the namespaces must exist.
 * @throws MeshproofError `ADMISSION_REFUSED` in one sentence
 */
export async function requireAdmission(
  api: KubernetesApi,
  mesh: MeshAdapter,
  rigs: readonly string[],
  samples: SampleOptions,
  signal?: AbortSignal,
): Promise<void> {
  for (const rig of rigs) {
    for (const problem of await admissionProblems(api, mesh, rig, samples, signal)) {
      throw new MeshproofError('ADMISSION_REFUSED', problem.sentence, { hint: problem.hint });
    }
  }
}

export interface AdmissionProblem {
  namespace: string;
  sentence: string;
  hint: string;
}

/** Why one rig's samples would not be admitted. */
export async function admissionProblems(
  api: KubernetesApi,
  mesh: MeshAdapter,
  rig: string,
  samples: SampleOptions,
  signal?: AbortSignal,
): Promise<AdmissionProblem[]> {
  const verdicts = await admissions(api, samplePods(rig, samples, mesh.facts, mesh.facts.fastDrainAnnotations), signal);
  const problems = await Promise.all(
    verdicts.map(async ({ namespace, refused, wanted }): Promise<AdmissionProblem[]> => {
      if (refused !== undefined)
        return [
          { namespace, sentence: `the sample pods would not be admitted to ${namespace}: ${refusalOf(refused)}`, hint: hintFor(refused) },
        ];
      const shortages = await quotaShortages(api, namespace, wanted, signal);
      return shortages.map((sentence) => ({
        namespace,
        sentence,
        hint: 'ask the cluster’s owner for a larger quota, or run with fewer --workers',
      }));
    }),
  );
  return problems.flat();
}

/** The policy's own words, without those about the request. */
function refusalOf(message: string): string {
  return message.replace(/^.*? was refused \(\d+\): /, '').replace(/^pods "[^"]*" is forbidden: /, '');
}

function hintFor(refused: string): string {
  if (/PodSecurity/.test(refused) && /NET_ADMIN|NET_RAW/.test(refused)) {
    return 'the mesh redirects traffic with an init container that needs NET_ADMIN: ask the owner to install the mesh’s CNI plugin, or to label these namespaces pod-security.kubernetes.io/enforce=privileged';
  }
  return 'ask the cluster’s owner to admit the sample pods; npm test -- --dry-run lists them';
}

/** The rigs' namespaces in which others have network policies, with the names of these. */
export async function guardedNamespaces(api: KubernetesApi, rigs: readonly string[], signal?: AbortSignal): Promise<Map<string, string[]>> {
  const names = rigs.flatMap(namespacesOf);
  const lists = await Promise.all(names.map((namespace) => networkPolicies(api, namespace, signal)));
  return new Map(
    names.flatMap((name, index) => (lists[index]?.length ? [[name, lists[index].map(({ metadata }) => metadata.name)] as const] : [])),
  );
}
