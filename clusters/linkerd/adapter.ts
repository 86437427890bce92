import { MeshproofError } from '../errors.ts';
import type { Manifest, PodRef } from '../kubernetes/manifest.ts';
import type { ClusterAccess } from '../mesh/access.ts';
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
import type { AccessLogLine, ProxyCounts, RequestCount } from '../mesh/observations.ts';
import { ConvergenceTurns } from '../mesh/convergence-turns.ts';
import type { Circumstances } from '../mesh/circumstances.ts';
import type { MeshSettings } from '../mesh/settings.ts';
import type { MeshSurvey } from '../mesh/survey.ts';
import { once } from '../once.ts';
import type { TaskContext } from '../task-context.ts';
import { converge } from './convergence/convergence.ts';
import { marked } from './convergence/marks.ts';
import { linkerdDiagnostics } from './diagnostics.ts';
import { FACTS, injects } from './facts.ts';
import { parseAccessLog } from './proxy/access-log.ts';
import { MESHED_LABEL, PROXY_CONTAINER, proxyBuild, proxyImage, proxyVersionOf, tagOf, withProxy } from './proxy/admin.ts';
import { workloadCertificate } from './proxy/certificate.ts';
import { proxyCounts } from './proxy/counts.ts';
import { requestCounts } from './proxy/request-counts.ts';
import { meshSettings } from './settings.ts';

/** The label of every component of the control plane. */
const COMPONENT_LABEL = 'linkerd.io/control-plane-component';

export interface LinkerdOptions {
  access: ClusterAccess;
  /** If omitted, reading `injector` throws. */
  injector?: MeshInjector;
  tool?: MeshTool;
}

/** Linkerd, whoever installed it: all information comes from the API server, the running proxies and callers. */
export class LinkerdAdapter implements MeshAdapter {
  readonly facts = FACTS;
  readonly tool?: MeshTool;
  readonly #access: ClusterAccess;
  readonly #injector: MeshInjector | undefined;
  readonly #turns = new ConvergenceTurns();
  readonly #settings = once((signal?: AbortSignal) => meshSettings(this.#access, FACTS.usualNamespace, signal));

  constructor({ access, injector, tool }: LinkerdOptions) {
    if (tool !== undefined) this.tool = tool;
    this.#access = access;
    this.#injector = injector;
  }

  get injector(): MeshInjector {
    if (this.#injector === undefined) throw new MeshproofError('INJECTOR_MISSING', 'this adapter has no injector');
    return this.#injector;
  }

  /** The image tags of the control plane's components, and the builds of the running proxies. */
  async versions({ signal }: TaskContext = {}, among?: readonly string[]): Promise<MeshVersions> {
    const control = await this.#access.pods(FACTS.usualNamespace, COMPONENT_LABEL, signal);
    const tags = control.flatMap(({ spec }) =>
      spec.containers.filter(({ name }) => name !== PROXY_CONTAINER).map(({ image = '' }) => tagOf(image)),
    );
    const lists = await Promise.all((among ?? [undefined]).map((namespace) => this.#access.pods(namespace, MESHED_LABEL, signal)));
    // One proxy per image is enough, because the others run the same program.
    const ofEachImage = new Map(withProxy(lists.flat()).map((pod) => [proxyImage(pod), pod]));
    const builds = await Promise.all([...ofEachImage.values()].map(({ metadata }) => proxyBuild(this.#access, metadata, signal)));
    return { controlPlane: [...new Set(tags)].toSorted(), proxies: [...new Set(builds)].toSorted() };
  }

  async proxyVersions({ signal }: TaskContext = {}): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const pod of withProxy(await this.#access.pods(undefined, MESHED_LABEL, signal))) {
      const version = proxyVersionOf(pod);
      counts.set(version, (counts.get(version) ?? 0) + 1);
    }
    return counts;
  }

  /** Every build of the proxy has the same features, and opens one connection between two pods. */
  async capabilities(pod: PodRef): Promise<Capabilities> {
    return { proxy: await proxyBuild(this.#access, pod), lacks: () => undefined, connectionsPerUpstream: 1 };
  }

  async settings({ signal }: TaskContext = {}): Promise<MeshSettings> {
    return await this.#settings(signal);
  }

  /** Configuration of others for all namespaces is not included yet. */
  async survey(task: TaskContext = {}): Promise<MeshSurvey> {
    const [settings, { controlPlane }] = await Promise.all([this.settings(task), this.versions(task, [])]);
    const facts = {
      'control plane': `linkerd ${controlPlane.join(', ')} in ${settings.controlPlaneNamespace}`,
      'trust domain': settings.trustDomain,
      'cluster domain': settings.clusterDomain,
    };
    return {
      settings,
      versions: controlPlane,
      facts,
      standing: [],
      injectorOf: (namespace) => (injects(namespace) ? settings.controlPlane : undefined),
    };
  }

  async circumstances(): Promise<Circumstances> {
    return { settle: (objects) => [...objects], opaque: [] };
  }

  identity(namespace: string, serviceAccount: string, { trustDomain }: Pick<MeshSettings, 'trustDomain'>): string {
    return `${serviceAccount}.${namespace}.serviceaccount.identity.${FACTS.usualNamespace}.${trustDomain}`;
  }

  identityHeaders(identity: string): Record<string, string> {
    return { 'l5d-client-id': identity };
  }

  async certificate(pod: PodRef): Promise<WorkloadCertificate> {
    const settings = await this.settings();
    return await workloadCertificate(this.#access, pod, (account) => this.identity(pod.namespace, account, settings));
  }

  marked(objects: readonly Manifest[]): Manifest[] {
    return marked(objects);
  }

  async converge(options: ConvergeOptions): Promise<Enforcement> {
    return await this.#turns.take(options.namespace, async () => await converge(this.#access, options));
  }

  async counts(pod: PodRef): Promise<ProxyCounts> {
    return await proxyCounts(this.#access, pod);
  }

  async accessLog(pod: PodRef, since: Date): Promise<() => Promise<AccessLogLine[]>> {
    return async () => parseAccessLog(await this.#access.logsSince(pod, PROXY_CONTAINER, since));
  }

  async requestCounts(pod: PodRef): Promise<RequestCount[]> {
    return await requestCounts(this.#access, pod);
  }

  async diagnostics(pods: readonly PodRef[], only?: string): Promise<Record<string, string>> {
    return await linkerdDiagnostics(this.#access, FACTS.usualNamespace, pods, only);
  }
}
