import type { Manifest, PodRef } from '../kubernetes/manifest.ts';
import type { TaskContext } from '../task-context.ts';
import type { Assumption } from './assumptions.ts';
import type { Circumstances } from './circumstances.ts';
import type { MeshFacts } from './facts.ts';
import type { MeshFeature } from './features.ts';
import type { AccessLogLine, LabelledCount, ProxyCounts, RequestCount } from './observations.ts';
import type { MeshSettings } from './settings.ts';
import type { MeshSurvey } from './survey.ts';

/** The features of a running proxy, as reported by itself. */
export interface Capabilities {
  /** Its version, as reported by itself. */
  proxy: string;
  /** What it lacks for a feature, as the completion of "has no …"; undefined if it has the feature. */
  lacks: (feature: MeshFeature) => string | undefined;
  /** How many connections to one upstream it may open regardless of the limit, e.g. one per thread. */
  connectionsPerUpstream: number;
}

/** The running versions, without duplicates. */
export interface MeshVersions {
  controlPlane: readonly string[];
  proxies: readonly string[];
}

/** Milliseconds from the call until the change took effect on new and existing connections. */
export interface Enforcement {
  enforcedMs: number;
  /** When each stage ended, by the mesh's own names. */
  stages: Readonly<Record<string, number>>;
}

/** A pod of a rig that can send meshproof's own requests, which no check measures; see `OWN_PATHS` in clusters/rigs/rig.ts. */
export interface Caller {
  readonly pod: PodRef;
  /** Requests a path at `host:port` through its proxy. Undefined if no response came. */
  get(target: string, path: string, signal?: AbortSignal): Promise<CallerAnswer | undefined>;
}

export interface CallerAnswer {
  status: number;
  /** Headers that proxies add about themselves, and `location`. */
  headers: Readonly<Record<string, string>>;
}

export interface ConvergeOptions extends TaskContext {
  /** The objects that were just applied or removed. */
  objects: readonly Manifest[];
  /** `applied`: the proxies must enforce them. `removed`: they must no longer do so. */
  after: 'applied' | 'removed';
  /** The namespace whose proxies are waited for. */
  namespace: string;
  /** Pods that may send requests to see what has taken effect. */
  callers?: readonly Caller[];
  /** Whether the namespace may have no proxy, e.g. because a check installs only a control plane there; default no. */
  mayBeEmpty?: boolean;
  timeoutMs?: number;
}

/** PEM texts: the certificate chain by which a proxy proves its pod's identity, leaf first, and the authorities that it trusts. */
export interface WorkloadCertificate {
  chain: readonly string[];
  authorities: readonly string[];
}

/** Adds proxies to pods. */
export interface MeshInjector {
  /** Injects manually with the mesh's command-line tool: returns the objects with a proxy in every workload that does not opt out. */
  inject(objects: readonly Manifest[]): Promise<Manifest[]>;
  /**
   * Makes the injector unreachable for the API server; running proxies are unaffected. The API server takes a moment to notice.
   * @param owner the name of the cluster, which is responsible for the restoration
   * @param rig the rig whose check disables it
   * @throws MeshproofError `INJECTOR_CUT` if it is already disabled, `INJECTOR_MISSING`, `INJECTOR_ELSEWHERE`
   */
  disable(owner: string, rig: string): Promise<void>;
  /** The injectors that are disabled now, with owner and rig. */
  outages(): Promise<{ name: string; owner: string; rig: string | undefined }[]>;
  /**
   * Restores what `disable` changed, in this process or in one that was killed. Does nothing if that owner has disabled nothing.
   * @throws MeshproofError `INJECTOR_CUT` if the record of the original is lost; everything else is restored then, and the mark stays
   */
  restore(owner: string): Promise<void>;
}

/** The exit code of a program, and what it wrote to stdout and stderr. */
export interface ToolAnswer {
  exitCode: number;
  said: string;
}

/** One proxy as the mesh reports it. */
export interface ReportedProxy {
  /** `<namespace>/<pod>` */
  pod: string;
  version: string;
  /** Kinds of configuration whose last push it has not acknowledged. Omitted if the mesh does not report that. */
  stale?: string[];
}

export interface ReportedVersions {
  client: string;
  controlPlane: string[];
  proxies: ReportedProxy[];
}

/** The mesh's own command-line tool, of the version that belongs to this project. */
export interface MeshTool {
  /** Runs it against the cluster; an exit code other than 0 is a result, not an error. */
  run(args: readonly string[], input?: string): Promise<ToolAnswer>;
  /** Its own version, and those that the control plane and the proxies of these namespaces report. */
  versions(namespaces: readonly string[]): Promise<ReportedVersions>;
  /**
   * The problems that its pre-installation checks report; empty if they pass.
   * @param as the user who would install, e.g. `system:serviceaccount:shop:installer`; default the user of the kubeconfig
   */
  preflight(as?: string): Promise<string[]>;
}

/**
 * Independent control planes in addition to the existing one, each in its own namespace. Each is described by a manifest that the mesh's
 * tool accepts, although no API server does; the revision is installed in the namespace of that manifest.
 */
export interface MeshRevisions {
  /**
   * Installs the revision, or updates it to the manifest, and returns once it is ready.
   * @param owner the cluster's name, recorded on the namespace
   */
  install(object: Manifest, owner: string): Promise<void>;
  /**
   * Removes it with its namespace and its cluster-wide objects.
   * @throws MeshproofError `NOT_OURS` if the namespace has another owner, or others apply it too; nothing is removed then
   */
  uninstall(object: Manifest, owner: string): Promise<void>;
  /** Whether the mesh's installer created the object. */
  made(object: Manifest): boolean;
  /** The revision's settings as they took effect in one proxy, by the names of the mesh's module; missing ones are omitted. */
  proxySettings(pod: PodRef): Promise<Readonly<Record<string, string | number>>>;
}

/** A running mesh, as the harness uses it: the same terms for every mesh, implemented by its adapter. */
export interface MeshAdapter {
  readonly facts: MeshFacts;
  readonly injector: MeshInjector;
  /** Undefined if the adapter was created without the means to run programs. */
  readonly tool?: MeshTool;
  /** Undefined for a mesh that can be installed only once per cluster. */
  readonly revisions?: MeshRevisions;
  /** Versions of the control plane and of the proxies that run in these namespaces; default all. */
  versions(task?: TaskContext, among?: readonly string[]): Promise<MeshVersions>;
  /** How many proxies of each version of the mesh are connected to the control plane, in all namespaces. */
  proxyVersions(task?: TaskContext): Promise<Map<string, number>>;
  capabilities(pod: PodRef): Promise<Capabilities>;
  /** Read from the cluster, once. */
  settings(task?: TaskContext): Promise<MeshSettings>;
  /** How the mesh is installed and configured; only reads. */
  survey(task?: TaskContext): Promise<MeshSurvey>;
  /** What the owner's configuration of the mesh means for a check with these assumptions on a rig; the configuration is read once. */
  circumstances(assumes: readonly Assumption[], rig: string, task?: TaskContext): Promise<Circumstances>;
  /** Peer identity of a service account, as the server sees it. */
  identity(namespace: string, serviceAccount: string, settings: Pick<MeshSettings, 'trustDomain'>): string;
  /** The headers in which a proxy tells its server the identity of the caller. */
  identityHeaders(identity: string): Record<string, string>;
  certificate(pod: PodRef): Promise<WorkloadCertificate>;
  /**
   * The objects with additions by which the adapter sees them take effect, and which no check can observe. Omitted if there are none.
   * @param objects in the namespaces in which they are applied
   */
  marked?(objects: readonly Manifest[]): Manifest[];
  /** Returns once every proxy of the namespace enforces the change, on new and existing connections. One call at a time per namespace. */
  converge(options: ConvergeOptions): Promise<Enforcement>;
  /** The proxy's own counters, which it keeps regardless of the mesh's telemetry settings. */
  counts(pod: PodRef): Promise<ProxyCounts>;
  /**
   * Returns a function that reads the requests that the proxy has logged since then, oldest first; other lines are omitted. The formats of
   * the log are determined once, beforehand.
   */
  accessLog(pod: PodRef, since: Date): Promise<() => Promise<AccessLogLine[]>>;
  /** The mesh's standard request counter. A proxy without the feature `request-metrics` has none, and a new one has none yet. */
  requestCounts(pod: PodRef): Promise<RequestCount[]>;
  /** The same counter with the mesh's own labels, for checks of these. Undefined for a mesh whose labels cannot be configured. */
  labelledCounts?(pod: PodRef): Promise<LabelledCount[]>;
  /**
   * The settings of a proxy for requests to a Service that nothing configures, by the proxy's own names. Undefined for a mesh whose proxies
   * do not show them.
   */
  defaults?(pod: PodRef, to: { host: string; port: number }, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * Proxy and control-plane state for a failure's diagnostics folder: file name → text.
   * @param only the namespace of a rig in an existing cluster: everything that does not concern the rig is omitted
   */
  diagnostics(pods: readonly PodRef[], only?: string): Promise<Record<string, string>>;
}
