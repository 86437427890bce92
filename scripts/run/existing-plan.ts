import { causeOf, EXIT, MeshproofError } from '../../clusters/errors.ts';
import { namespacesOf, requirePreprovisioned } from '../../clusters/existing/namespaces.ts';
import { inWords } from '../../clusters/existing/rights.ts';
import { admissionProblems, guardedNamespaces, inspectCluster, type ClusterInspection } from '../../clusters/existing/inspection.ts';
import { loadImageIn, samplesFor } from '../../clusters/existing/samples.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { whereabouts } from '../../clusters/kubernetes/identity.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshFacts } from '../../clusters/mesh/facts.ts';
import { surveyLines } from '../../clusters/mesh/survey.ts';
import type { SampleOptions } from '../../clusters/rigs/agent.ts';
import type { Mesh } from '../../clusters/meshes.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import type { ExistingProvider } from '../../clusters/provider.ts';
import { rigObjects } from '../../clusters/rigs/rig.ts';
import { quantity } from '../../fixtures/contract/quantity.ts';

export interface ExistingPlan {
  mesh: Mesh;
  provider: ExistingProvider;
  rigs: number;
  /** What happens to everything created, e.g. `removed at the end`. */
  end: string;
  /** Whether a check runs the load generator. */
  load: boolean;
}

/** Stands for the run's name, which is chosen at random. */
const SOME_NAME = 'meshproof-xxxx';
const PATIENCE_MS = 30_000;

/** The lines of a plan; the exit code is not 0 if the cluster would refuse something that the run needs. */
export interface Planned {
  lines: string[];
  exitCode: number;
}

/** What a run would create in an existing cluster, and what the cluster would refuse. Queries the cluster, and changes nothing. */
export async function planOfExisting({ mesh, provider, rigs, end, load }: ExistingPlan): Promise<Planned> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const head = `cluster  ${await whereabouts(provider)}: ${quantity(rigs, 'rig')}`;
  try {
    const { found, samples, problems, guarded, facts } = await ask({ mesh, provider, rigs }, signal);
    const survey = typeof found.mesh === 'string' ? undefined : found.mesh;
    const places = found.rigs.flatMap(namespacesOf);
    const objects = found.rigs.flatMap((rig) => rigObjects(rig, samples, facts));
    const lines = [
      `${head}, as ${found.account}`,
      found.preprovisioned
        ? `uses     the namespaces ${places.join(', ')}, which stay`
        : `creates  the namespaces ${places.join(', ')}, ${end}`,
      ...places.map((place) => `creates  in ${place}: ${contentsOf(objects, place)}, ${end}`),
      ...places
        .filter((place) => guarded.has(place))
        .map((place) => `creates  in ${place}: NetworkPolicy meshproof, in addition to ${guarded.get(place)?.join(', ')}, ${end}`),
      ...facts.placedInRigs.map((words) => `creates  in each rig: ${words}, ${end}`),
      ...(await pullLines(samples.image, provider, load)),
      `reads    the control plane in ${survey?.settings.controlPlaneNamespace ?? facts.usualNamespace}, and the proxies of the rigs, by port-forward`,
      ...(survey === undefined ? [] : surveyLines(survey).map((line) => `finds    ${line}`)),
      ...problems.map((problem) => `refused  ${problem}`),
    ];
    return { lines, exitCode: problems.length === 0 ? EXIT.ok : EXIT.unproven };
  } catch (error) {
    if (signal.aborted) {
      const silent = `the cluster did not answer every query within ${PATIENCE_MS / 1_000} s`;
      return { lines: [`${head}, ${end}`, `refused  ${silent}`], exitCode: EXIT.unproven };
    }
    const { hint, exitCode } = error instanceof MeshproofError ? error : { hint: undefined, exitCode: EXIT.unproven };
    return { lines: [`${head}, ${end}`, `refused  ${causeOf(error)}${hint === undefined ? '' : ` (${hint})`}`], exitCode };
  }
}

/** The images that the nodes must be able to pull. */
export async function pullLines(sample: string, { registry, pullSecret }: ExistingProvider, load: boolean): Promise<string[]> {
  const generator = await loadImageIn({ provider: 'existing', ...omitUndefined({ registry }) });
  const images = [`${sample}, for the samples`, ...(load ? [`${generator}, for the load generator`] : [])];
  return images.map((image) => `pulls    ${image}${pullSecret === undefined ? '' : `, with ${pullSecret}`}`);
}

interface Asked {
  found: ClusterInspection;
  samples: SampleOptions;
  problems: string[];
  /** Names of network policies by namespace. */
  guarded: ReadonlyMap<string, readonly string[]>;
  facts: MeshFacts;
}

async function ask({ mesh, provider, rigs }: Omit<ExistingPlan, 'end' | 'load'>, signal: AbortSignal): Promise<Asked> {
  const api = await KubernetesApi.open(omitUndefined({ kubeconfig: provider.kubeconfig, context: provider.context }));
  try {
    const adapter = await adapterOf({ mesh, ...omitUndefined({ revision: provider.revision }) }, api);
    const found = await inspectCluster(api, adapter, { name: SOME_NAME, count: rigs, provider }, signal);
    const { facts } = adapter;
    const samples = await samplesFor(api, provider, signal);
    const forbidden = [
      ...(typeof found.mesh === 'string' ? [`no ${mesh} was found: ${found.mesh}`] : []),
      ...found.denied.map((denial) => `${found.account} may not ${inWords(denial)}`),
    ];
    if (!found.preprovisioned) return { found, samples, problems: forbidden, guarded: new Map(), facts };
    await requirePreprovisioned(api, typeof found.mesh === 'string' ? undefined : found.mesh, found.rigs, signal);
    if (forbidden.length > 0) return { found, samples, problems: forbidden, guarded: new Map(), facts };
    const lists = await Promise.all(found.rigs.map((rig) => admissionProblems(api, adapter, rig, samples, signal)));
    const problems = lists.flat().map(({ sentence, hint }) => `${sentence} (${hint})`);
    return { found, samples, problems, guarded: await guardedNamespaces(api, found.rigs, signal), facts };
  } finally {
    api.close();
  }
}

/** E.g. `1 ConfigMap, 4 ServiceAccounts, 5 Services, 6 Deployments`. */
function contentsOf(objects: readonly Manifest[], namespace: string): string {
  const there = objects.filter(({ metadata }) => metadata.namespace === namespace);
  const counts = Map.groupBy(there, ({ kind }) => kind);
  return [...counts].map(([kind, members]) => quantity(members.length, kind)).join(', ');
}
