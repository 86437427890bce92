import { causeOf, MeshproofError } from '../../clusters/errors.ts';
import { requirePreprovisioned, namespacesOf } from '../../clusters/existing/namespaces.ts';
import type { Denial } from '../../clusters/existing/rights.ts';
import { admissionProblems, guardedNamespaces, inspectCluster, type ClusterInspection } from '../../clusters/existing/inspection.ts';
import { samplesFor } from '../../clusters/existing/samples.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { serverOf } from '../../clusters/kubernetes/identity.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import type { SampleOptions } from '../../clusters/rigs/agent.ts';
import { printable } from '../../clusters/printable.ts';
import type { ExistingProvider } from '../../clusters/provider.ts';
import { appliedBy } from '../run/applied-kinds.ts';
import { providerOf } from '../run/provider.ts';
import { judge, type Finding } from './finding.ts';
import type { DoctorOptions } from './options.ts';
import { meshFindings } from './skew.ts';

const PATIENCE_MS = 30_000;

/** Whether an existing cluster can be used: its API server, mesh, permissions and admission policies. Only reads and dry-runs. */
export async function clusterFindings(options: DoctorOptions): Promise<Finding[]> {
  const provider = await providerOf({ ...options, nodes: 1 });
  if (provider.kind !== 'existing') return [];
  const api = await KubernetesApi.open(omitUndefined({ kubeconfig: provider.kubeconfig, context: provider.context }));
  const reached: Finding[] = [];
  let signal: AbortSignal | undefined;
  try {
    const adapter = await adapterOf({ mesh: options.mesh, ...omitUndefined({ revision: provider.revision }) }, api);
    const applies = await appliedBy({ suites: options.suite, ids: options.check, filters: [] }, options.mesh);
    // Set only now, because the time to load the checks depends on this machine.
    signal = AbortSignal.timeout(PATIENCE_MS);
    const server = await serverFinding(api, provider, signal);
    reached.push(server);
    if (server.status === 'failed') return reached;
    provider.applies = { ...applies, meshWide: options.allowMeshWide === true ? applies.meshWide : [] };
    const findings = [server, ...(await placeFindings(api, adapter, provider, options, signal))];
    // Names of policies and accounts come from the cluster.
    return findings.map((finding) => ({ ...finding, seen: printable(finding.seen) }));
  } catch (error) {
    if (signal?.aborted !== true && !(reached.length > 0 && error instanceof MeshproofError)) throw error;
    const about = { category: 'cluster', check: 'it answers every query' };
    const [seen, hint] =
      signal?.aborted === true
        ? [`not within ${PATIENCE_MS / 1_000} s`, 'check the load of its API server and of this machine']
        : [causeOf(error), hintOf(error) ?? 'npx meshproof rbac prints the manifests to hand to the cluster’s owner'];
    return [...reached, judge({ ...about, seen }, false, 'failed', hint)];
  } finally {
    api.close();
  }
}

async function serverFinding(api: KubernetesApi, provider: ExistingProvider, signal: AbortSignal): Promise<Finding> {
  const about = { category: 'cluster', check: 'the API server answers' };
  const { context } = api.connection;
  const server = await serverOf(provider);
  return await api.version(signal).then(
    (version): Finding => ({ ...about, status: 'ok', seen: `${version} at ${server} (context ${context})` }),
    (error: unknown) => judge({ ...about, seen: causeOf(error) }, false, 'failed', hintOf(error) ?? 'check that this is the right context'),
  );
}

async function placeFindings(
  api: KubernetesApi,
  adapter: MeshAdapter,
  provider: ExistingProvider,
  options: DoctorOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const found = await inspectCluster(api, adapter, { name: 'meshproof', count: options.workers, provider }, signal);
  const mesh = await meshFindings(adapter, found.mesh, signal);
  const rights = rightFindings(found);
  const lacking = found.preprovisioned
    ? await requirePreprovisioned(api, typeof found.mesh === 'string' ? undefined : found.mesh, found.rigs, signal).then(
        () => undefined,
        known,
      )
    : undefined;
  const places = found.rigs.flatMap(namespacesOf);
  const space = judge(
    {
      category: 'namespaces',
      check: found.preprovisioned ? 'the owner has created namespaces for rigs' : 'namespaces for rigs can be created',
      seen: lacking?.message ?? (found.preprovisioned ? places.join(', ') : 'the account may create and remove them'),
    },
    lacking === undefined,
    'failed',
    lacking?.hint ?? '',
  );
  const { samples, findings: pull } = await pullFindings(api, provider, signal);
  const answered = [...mesh, ...rights, space, ...pull];
  if (!found.preprovisioned || lacking !== undefined || found.denied.length > 0 || samples === undefined) {
    return [...answered, unasked(found, lacking)];
  }
  const [guarded, ...problems] = await Promise.all([
    guardedNamespaces(api, found.rigs, signal),
    ...found.rigs.map((rig) => admissionProblems(api, adapter, rig, samples, signal)),
  ]);
  return [...answered, ...admissionFindings(problems.flat()), ...policyFindings(guarded)];
}

/** The options of the samples, and a finding about the pull Secret if one is given. */
async function pullFindings(
  api: KubernetesApi,
  provider: ExistingProvider,
  signal: AbortSignal,
): Promise<{ samples?: SampleOptions; findings: Finding[] }> {
  const { pullSecret } = provider;
  const about = { category: 'images', check: 'the nodes can pull with the Secret' };
  try {
    const samples = await samplesFor(api, provider, signal);
    return { samples, findings: pullSecret === undefined ? [] : [{ ...about, status: 'ok', seen: pullSecret }] };
  } catch (error) {
    if (!(error instanceof MeshproofError)) throw error;
    const hint = hintOf(error) ?? 'npx meshproof rbac --pull-secret prints the permission to read it';
    return { findings: [judge({ ...about, seen: causeOf(error) }, false, 'failed', hint)] };
  }
}

/** If the namespaces do not exist yet, a run checks admission after it has created them and before it creates anything in them. */
function unasked(found: ClusterInspection, lacking: MeshproofError | undefined): Finding {
  const why =
    !found.preprovisioned && lacking === undefined
      ? 'not checked: the namespaces do not exist yet; a run checks before it creates pods'
      : 'not checked: see above';
  return { category: 'admission', check: 'policies and quotas admit the samples', status: 'ok', seen: why };
}

function admissionFindings(problems: readonly { namespace: string; sentence: string; hint: string }[]): Finding[] {
  const about = { category: 'admission', check: 'policies and quotas admit the samples' };
  if (problems.length === 0) return [{ ...about, status: 'ok', seen: 'a dry run of every sample was admitted' }];
  return problems.map(({ sentence, hint }) => judge({ ...about, seen: sentence }, false, 'failed', hint));
}

function policyFindings(guarded: ReadonlyMap<string, readonly string[]>): Finding[] {
  const about = { category: 'admission', check: 'network policies allow traffic between the samples' };
  const seen = [...guarded].map(([namespace, policies]) => `${policies.join(', ')} in ${namespace}`).join('; ');
  if (seen === '') return [{ ...about, status: 'ok', seen: 'none in their namespaces' }];
  return [judge({ ...about, seen }, false, 'warning', 'a run adds a policy that allows exactly this traffic, and removes it at the end')];
}

function rightFindings({ account, denied }: ClusterInspection): Finding[] {
  const category = 'rights';
  const who: Finding = { category, check: 'account in the cluster', status: 'ok', seen: account };
  if (denied.length === 0)
    return [who, { category, check: 'the account has the permissions that a run needs', status: 'ok', seen: 'all of them' }];
  const byPurpose = Map.groupBy(denied, ({ right }) => right.purpose);
  return [
    who,
    ...[...byPurpose].map(([purpose, members]) =>
      judge(
        { category, check: `the account may ${purpose}`, seen: `not allowed: ${summary(members)}` },
        false,
        'failed',
        'npx meshproof rbac prints the manifests to hand to the cluster’s owner',
      ),
    ),
  ];
}

/** E.g. `get, list services; list deployments.apps in shop and 2 more`. */
function summary(denied: readonly Denial[]): string {
  const byResource = Map.groupBy(denied, ({ right }) => (right.group === '' ? right.resource : `${right.resource}.${right.group}`));
  const verbsOf = (members: readonly Denial[]) => [...new Set(members.map(({ verb }) => verb))].join(', ');
  const byVerbs = Map.groupBy(byResource, ([, members]) => verbsOf(members));
  const what = [...byVerbs].map(([verbs, resources]) => `${verbs} ${resources.map(([resource]) => resource).join(', ')}`);
  const places = [...new Set(denied.flatMap(({ namespace }) => namespace ?? []))];
  const where = places.length === 0 ? '' : ` in ${places[0]}${places.length === 1 ? '' : ` and ${places.length - 1} more`}`;
  return `${what.join('; ')}${where}`;
}

function known(error: unknown): MeshproofError {
  if (error instanceof MeshproofError) return error;
  throw error;
}

function hintOf(error: unknown): string | undefined {
  return error instanceof MeshproofError ? error.hint : undefined;
}
