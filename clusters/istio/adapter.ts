import { MeshproofError } from '../errors.ts';
import type { PodRef } from '../kubernetes/manifest.ts';
import type {
  Capabilities,
  ConvergeOptions,
  Enforcement,
  MeshAdapter,
  MeshInjector,
  MeshTool,
  MeshVersions,
  WorkloadCertificate,
} from '../mesh/adapter.ts';
import type { Assumption } from '../mesh/assumptions.ts';
import { ConvergenceTurns } from '../mesh/convergence-turns.ts';
import type { Circumstances } from '../mesh/circumstances.ts';
import type { MeshFeature } from '../mesh/features.ts';
import type { AccessLogLine, LabelledCount, ProxyCounts, RequestCount } from '../mesh/observations.ts';
import type { MeshSettings } from '../mesh/settings.ts';
import type { MeshSurvey } from '../mesh/survey.ts';
import type { TaskContext } from '../task-context.ts';
import type { ClusterAccess } from '../mesh/access.ts';
import { parseAccessLog } from './proxy/access-log.ts';
import { logFormats } from './proxy/log-format.ts';
import { workloadCertificate } from './proxy/certificate.ts';
import { converge } from './convergence/convergence.ts';
import { istioDiagnostics } from './diagnostics/diagnostics.ts';
import { FACTS } from './facts.ts';
import type { IstioRevisions } from './revisions/revisions.ts';
import type { Istiod } from './istiod.ts';
import { circumstancesOf } from './circumstances/circumstances.ts';
import { meshFacts, standingIn } from './survey/facts.ts';
import { MeshFinder } from './survey/finder.ts';
import { injectorIn } from './survey/survey.ts';
import { MESHED, PROXY_CONTAINER, REQUEST_METRICS, proxyImage, serverInfo, withProxy } from './proxy/admin.ts';
import { proxyCounts } from './proxy/counts.ts';
import { proxyDefaults, type Destination } from './proxy/defaults.ts';
import { labelledCounts, requestCountOf } from './proxy/request-counts.ts';

/** The extension of the proxy that provides each feature. */
const EXTENSIONS: Readonly<Record<MeshFeature, string>> = { 'request-metrics': REQUEST_METRICS };

export interface IstioOptions {
  access: ClusterAccess;
  /** Default: the control plane that is used if no revision is given. */
  finder?: MeshFinder;
  /** If omitted, reading `injector` throws. */
  injector?: MeshInjector;
  tool?: MeshTool;
  revisions?: IstioRevisions;
}

/** Istio with sidecars, whoever installed it: all information comes from istiod and the running proxies. */
export function istio(options: IstioOptions): MeshAdapter {
  const { access, finder = new MeshFinder(access) } = options;
  return new IstioAdapter({ ...options, finder });
}

class IstioAdapter implements MeshAdapter {
  readonly facts = FACTS;
  readonly tool?: MeshTool;
  readonly revisions?: IstioRevisions;
  readonly #access: ClusterAccess;
  readonly #injector: MeshInjector | undefined;
  readonly #finder: MeshFinder;
  readonly #turns = new ConvergenceTurns();

  constructor({ access, finder, injector, tool, revisions }: IstioOptions & { finder: MeshFinder }) {
    if (tool !== undefined) this.tool = tool;
    if (revisions !== undefined) this.revisions = revisions;
    this.#access = access;
    this.#injector = injector;
    this.#finder = finder;
  }

  get injector(): MeshInjector {
    if (this.#injector === undefined) throw new MeshproofError('INJECTOR_MISSING', 'this adapter has no injector');
    return this.#injector;
  }

  /** istiod's version, and the Envoy versions of the running proxies. */
  async versions(task: TaskContext = {}, among?: readonly string[]): Promise<MeshVersions> {
    const controlPlane = await (await this.#istiod(task.signal)).versions(task.signal);
    const lists = await Promise.all((among ?? [undefined]).map((namespace) => this.#access.pods(namespace, MESHED, task.signal)));
    const proxies = withProxy(lists.flat());
    // One proxy per image is enough, because the others run the same program.
    const ofEachImage = new Map(proxies.map((pod) => [proxyImage(pod), pod]));
    const envoys = await Promise.all(
      [...ofEachImage.values()].map(async ({ metadata }) => (await serverInfo(this.#access, metadata, task.signal)).version),
    );
    return { controlPlane, proxies: [...new Set(envoys.map(shortEnvoyVersion))].toSorted() };
  }

  async proxyVersions({ signal }: TaskContext = {}): Promise<Map<string, number>> {
    return await (await this.#istiod(signal)).proxyVersions(signal);
  }

  async capabilities(pod: PodRef): Promise<Capabilities> {
    const { version, extensions, workers } = await serverInfo(this.#access, pod);
    const lacks = (feature: MeshFeature) => (extensions.has(EXTENSIONS[feature]) ? undefined : `extension ${EXTENSIONS[feature]}`);
    return { proxy: version, lacks, connectionsPerUpstream: workers };
  }

  async settings({ signal }: TaskContext = {}): Promise<MeshSettings> {
    return (await this.#finder.mesh(signal)).settings;
  }

  async survey({ signal }: TaskContext = {}): Promise<MeshSurvey> {
    const found = await this.#finder.mesh(signal);
    const [{ objects }, versions, proxies] = await Promise.all([
      this.#finder.standing(signal),
      found.istiod.versions(signal),
      found.istiod.proxyVersions(signal),
    ]);
    return {
      settings: found.settings,
      versions,
      facts: meshFacts(found, versions, proxies),
      standing: standingIn(objects, found.settings.rootNamespace),
      injectorOf: ({ labels = {} }) => injectorIn(found, labels),
    };
  }

  async circumstances(assumes: readonly Assumption[], rig: string, { signal }: TaskContext = {}): Promise<Circumstances> {
    return circumstancesOf(await this.#finder.standing(signal), assumes, rig);
  }

  identity(namespace: string, serviceAccount: string, { trustDomain }: Pick<MeshSettings, 'trustDomain'>): string {
    return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  }

  identityHeaders(identity: string): Record<string, string> {
    const by = identity.replace(/\/ns\/.*$/, '/ns/default/sa/default');
    return { 'x-forwarded-client-cert': `By=${by};Hash=${'0'.repeat(64)};Subject="";URI=${identity}` };
  }

  async certificate(pod: PodRef): Promise<WorkloadCertificate> {
    return await workloadCertificate(this.#access, pod);
  }

  async converge(options: ConvergeOptions): Promise<Enforcement> {
    return await this.#turns.take(options.namespace, async () => {
      const istiod = this.revisions?.istiodOf(options.namespace) ?? (await this.#istiod(options.signal));
      return await converge(this.#access, istiod, options);
    });
  }

  async counts(pod: PodRef): Promise<ProxyCounts> {
    return await proxyCounts(this.#access, pod);
  }

  async accessLog(pod: PodRef, since: Date): Promise<() => Promise<AccessLogLine[]>> {
    const formats = await logFormats(this.#access, pod);
    return async () => parseAccessLog(await this.#access.logsSince(pod, PROXY_CONTAINER, since), formats);
  }

  async requestCounts(pod: PodRef): Promise<RequestCount[]> {
    return (await this.labelledCounts(pod)).flatMap((series) => requestCountOf(series) ?? []);
  }

  async labelledCounts(pod: PodRef): Promise<LabelledCount[]> {
    return await labelledCounts(this.#access, pod);
  }

  async defaults(pod: PodRef, to: Destination, signal?: AbortSignal): Promise<Record<string, string>> {
    return await proxyDefaults(this.#access, pod, to, signal);
  }

  async diagnostics(pods: readonly PodRef[], only?: string): Promise<Record<string, string>> {
    return await istioDiagnostics(this.#access, await this.#istiod(), pods, only);
  }

  async #istiod(signal?: AbortSignal): Promise<Istiod> {
    return (await this.#finder.mesh(signal)).istiod;
  }
}

/** Envoy reports `<commit>/<version>/<state>/<kind>/<TLS library>`. */
function shortEnvoyVersion(text: string): string {
  return text.split('/')[1] ?? text;
}
