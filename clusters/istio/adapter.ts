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
import type { MeshFeature } from '../mesh/features.ts';
import type { AccessLogLine, LabelledCount, ProxyCounts, RequestCount } from '../mesh/observations.ts';
import type { MeshSettings } from '../mesh/settings.ts';
import type { TaskContext } from '../task-context.ts';
import type { ClusterAccess } from '../mesh/access.ts';
import { parseAccessLog } from './proxy/access-log.ts';
import { workloadCertificate } from './proxy/certificate.ts';
import { converge } from './convergence/convergence.ts';
import { istioDiagnostics } from './diagnostics/diagnostics.ts';
import { FACTS } from './facts.ts';
import type { IstioRevisions } from './revisions/revisions.ts';
import { Istiod } from './istiod.ts';
import { meshSettings } from './settings.ts';
import { PROXY_CONTAINER, proxyImage, serverInfo, withProxy } from './proxy/admin.ts';
import { proxyCounts } from './proxy/counts.ts';
import { labelledCounts, requestCountOf } from './proxy/request-counts.ts';

/** The extension of the proxy that each feature comes from. */
const EXTENSIONS: Readonly<Record<MeshFeature, string>> = { 'request-metrics': 'envoy.filters.http.istio_stats' };

export interface IstioOptions {
  access: ClusterAccess;
  /** Without one, nothing can be asked of it. */
  injector?: MeshInjector;
  tool?: MeshTool;
  revisions?: IstioRevisions;
}

/** Istio with sidecars, installed by whoever: everything is asked of istiod and of the running proxies. */
export function istio(options: IstioOptions): MeshAdapter {
  const { access, injector } = options;
  return new IstioAdapter(access, injector, options);
}

class IstioAdapter implements MeshAdapter {
  readonly facts = FACTS;
  readonly tool?: MeshTool;
  readonly revisions?: IstioRevisions;
  readonly #access: ClusterAccess;
  readonly #injector: MeshInjector | undefined;
  readonly #istiod: Istiod;
  readonly #converging = new Map<string, Promise<unknown>>();

  #settings: MeshSettings | undefined;

  constructor(access: ClusterAccess, injector: MeshInjector | undefined, { tool, revisions }: Pick<IstioOptions, 'tool' | 'revisions'>) {
    if (tool !== undefined) this.tool = tool;
    if (revisions !== undefined) this.revisions = revisions;
    this.#access = access;
    this.#injector = injector;
    this.#istiod = new Istiod(access, FACTS.controlPlaneNamespace);
  }

  get injector(): MeshInjector {
    if (this.#injector === undefined) throw new MeshproofError('INJECTOR_MISSING', 'this adapter has no injector');
    return this.#injector;
  }

  /** istiod's version, and the Envoy versions of the proxies that run now, if any does. */
  async versions(task: TaskContext = {}, among?: readonly string[]): Promise<MeshVersions> {
    const controlPlane = (await this.#istiod.versions(task.signal)).map(shortVersion);
    const lists = await Promise.all(
      (among ?? [undefined]).map((namespace) => this.#access.pods(namespace, 'security.istio.io/tlsMode=istio', task.signal)),
    );
    const proxies = withProxy(lists.flat());
    // One proxy an image: all others of it are the same program.
    const ofEachImage = new Map(proxies.map((pod) => [proxyImage(pod), pod]));
    const envoys = await Promise.all(
      [...ofEachImage.values()].map(async ({ metadata }) => (await serverInfo(this.#access, metadata, task.signal)).version),
    );
    return { controlPlane, proxies: [...new Set(envoys.map(shortEnvoyVersion))].toSorted() };
  }

  async proxyVersions({ signal }: TaskContext = {}): Promise<Map<string, number>> {
    return await this.#istiod.proxyVersions(signal);
  }

  async capabilities(pod: PodRef): Promise<Capabilities> {
    const { version, extensions, workers } = await serverInfo(this.#access, pod);
    const lacks = (feature: MeshFeature) => (extensions.has(EXTENSIONS[feature]) ? undefined : `extension ${EXTENSIONS[feature]}`);
    return { proxy: version, lacks, connectionsPerUpstream: workers };
  }

  async settings({ signal }: TaskContext = {}): Promise<MeshSettings> {
    return (this.#settings ??= await meshSettings(this.#access, FACTS.controlPlaneNamespace, signal));
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

  /** One at a time in a namespace: two would overwrite each other's sentinel. */
  async converge(options: ConvergeOptions): Promise<Enforcement> {
    const started = performance.now();
    const before = this.#converging.get(options.namespace) ?? Promise.resolve();
    const turn = before.then(
      async () => await this.#convergeNow(options, started),
      async () => await this.#convergeNow(options, started),
    );
    this.#converging.set(options.namespace, turn);
    return await turn;
  }

  async counts(pod: PodRef): Promise<ProxyCounts> {
    return await proxyCounts(this.#access, pod);
  }

  async accessLog(pod: PodRef, since: Date): Promise<AccessLogLine[]> {
    return parseAccessLog(await this.#access.logsSince(pod, PROXY_CONTAINER, since));
  }

  async requestCounts(pod: PodRef): Promise<RequestCount[]> {
    return (await this.labelledCounts(pod)).flatMap((series) => requestCountOf(series) ?? []);
  }

  async labelledCounts(pod: PodRef): Promise<LabelledCount[]> {
    return await labelledCounts(this.#access, pod);
  }

  async diagnostics(pods: readonly PodRef[], only?: string): Promise<Record<string, string>> {
    return await istioDiagnostics(this.#access, this.#istiod, pods, only);
  }

  async #convergeNow(options: ConvergeOptions, started: number): Promise<Enforcement> {
    const waitedMs = performance.now() - started;
    const istiod = this.revisions?.istiodOf(options.namespace) ?? this.#istiod;
    const { enforcedMs, stages } = await converge(this.#access, istiod, options);
    const fromCall = Object.entries(stages).map(([stage, ms]) => [stage, ms + waitedMs]);
    return { enforcedMs: enforcedMs + waitedMs, stages: Object.fromEntries(fromCall) };
  }
}

/** istiod answers `<version>-<commit>-<state>`. */
function shortVersion(text: string): string {
  return text.replace(/-(?:[0-9a-f]{12,40}|unknown)-[A-Za-z]+$/, '');
}

/** Envoy answers `<commit>/<version>/<state>/<kind>/<TLS library>`. */
function shortEnvoyVersion(text: string): string {
  return text.split('/')[1] ?? text;
}
