import type { Manifest, PodRef } from '../kubernetes/manifest.ts';
import type { TaskContext } from '../task-context.ts';
import type { Assumption } from './assumptions.ts';
import type { Circumstances } from './circumstances.ts';
import type { MeshFacts } from './facts.ts';
import type { MeshFeature } from './features.ts';
import type { AccessLogLine, LabelledCount, ProxyCounts, RequestCount } from './observations.ts';
import type { MeshSettings } from './settings.ts';
import type { MeshSurvey } from './survey.ts';

/** What a running proxy can do, asked of it and not assumed. */
export interface Capabilities {
  /** The proxy's own version text. */
  proxy: string;
  /** What it lacks for a feature, in the mesh's words as they follow "has no"; undefined where it has the feature. */
  lacks: (feature: MeshFeature) => string | undefined;
  /** How many connections to one upstream it may open whatever the limit, e.g. one a thread. */
  connectionsPerUpstream: number;
}

/** Versions that run, without repetitions. */
export interface MeshVersions {
  controlPlane: readonly string[];
  proxies: readonly string[];
}

/** How long it took until a change acted on new and old connections, in milliseconds from the call. */
export interface Enforcement {
  enforcedMs: number;
  /** When each stage of it was over, under the mesh's own names. */
  stages: Readonly<Record<string, number>>;
}

/** A pod of a rig that can send requests of meshproof's own, beside what a check measures; see `OWN_PATHS` in clusters/rigs/rig.ts. */
export interface Caller {
  readonly pod: PodRef;
  /** Asks through its proxy for a path at `host:port`. Undefined where no answer came. */
  get(target: string, path: string, signal?: AbortSignal): Promise<CallerAnswer | undefined>;
}

export interface CallerAnswer {
  status: number;
  /** Those by which proxies say something of themselves, and `location`. */
  headers: Readonly<Record<string, string>>;
}

export interface ConvergeOptions extends TaskContext {
  /** What was just applied or removed; every proxy must act on it. */
  objects: readonly Manifest[];
  /** `applied`: the proxies must have it. `removed`: they must have forgotten it. */
  after: 'applied' | 'removed';
  /** The namespace whose proxies are waited for. */
  namespace: string;
  /** Who may send requests to see what takes effect; none where only the API server is asked. */
  callers?: readonly Caller[];
  /** Whether it is in order that no proxy runs there, as where a check installs a control plane alone; default no. */
  mayBeEmpty?: boolean;
  timeoutMs?: number;
}

/** PEM texts: what a proxy shows to prove who its pod is, its own certificate first, and by which authorities it believes others. */
export interface WorkloadCertificate {
  chain: readonly string[];
  authorities: readonly string[];
}

/** What writes proxies into pods. */
export interface MeshInjector {
  /** The objects as the mesh's command line tool returns them: every workload among them with a proxy, unless it opts out. */
  inject(objects: readonly Manifest[]): Promise<Manifest[]>;
  /**
   * Makes the injector unreachable for the API server, and leaves the proxies that run alone. The API server takes a moment to notice.
   * @param owner the cluster's name: whose it is to restore
   * @param rig whose check does it
   * @throws MeshproofError `INJECTOR_CUT` when it is so already, `INJECTOR_MISSING`, `INJECTOR_ELSEWHERE`
   */
  disable(owner: string, rig: string): Promise<void>;
  /** What is cut off now, for whom and by whose check. */
  outages(): Promise<{ name: string; owner: string; rig: string | undefined }[]>;
  /**
   * Puts back what `disable` found, in this process or in one that was killed. Does nothing where nothing of that owner is cut.
   * @throws MeshproofError `INJECTOR_CUT` where the record of what was there is gone; all else is put back then, and the mark of the cut stays
   */
  restore(owner: string): Promise<void>;
}

/** What a program said when it ended, on both of its outputs. */
export interface ToolAnswer {
  exitCode: number;
  said: string;
}

/** One proxy as the mesh's command-line tool lists it. */
export interface ReportedProxy {
  /** `<namespace>/<pod>` */
  pod: string;
  version: string;
  /** Kinds of configuration of which it has not acknowledged the last push. Left out where the mesh's tool does not tell that of any. */
  stale?: string[];
}

export interface ReportedVersions {
  client: string;
  controlPlane: string[];
  proxies: ReportedProxy[];
}

/** The mesh's own command-line tool, of the version that belongs to this project. */
export interface MeshTool {
  /** Runs it against the cluster; an exit code other than 0 is an answer and no error. */
  run(args: readonly string[], input?: string): Promise<ToolAnswer>;
  /** The versions that it reports of itself, the control plane and the proxies of these namespaces. */
  versions(namespaces: readonly string[]): Promise<ReportedVersions>;
  /**
   * What its checks before an installation complain of; empty when they pass.
   * @param as the user who would install, e.g. `system:serviceaccount:shop:installer`; default whose credentials these are
   */
  preflight(as?: string): Promise<string[]>;
}

/**
 * Control planes that are installed beside the one that is there, each in a namespace of its own, without either touching the other. Each is
 * described by a manifest that no API server takes, but the mesh's tool does; its namespace is the revision's.
 */
export interface MeshRevisions {
  /**
   * Makes the revision, or changes it to what the manifest says, and returns when it is ready.
   * @param owner the cluster's name, which its namespace carries
   */
  install(object: Manifest, owner: string): Promise<void>;
  /**
   * Removes it with its namespace and all that is cluster-wide of it.
   * @throws MeshproofError `NOT_OURS` where the namespace is not that owner's, or others apply it too: nothing is removed then
   */
  uninstall(object: Manifest, owner: string): Promise<void>;
  /** Whether the object was put there by the mesh's installer. */
  made(object: Manifest): boolean;
  /** What the revision's settings became in one proxy, under the names that the mesh's module gives them; what is not there is left out. */
  proxySettings(pod: PodRef): Promise<Readonly<Record<string, string | number>>>;
}

/** What a mesh is to the harness: words are the same for all meshes, the means are the adapter's. */
export interface MeshAdapter {
  readonly facts: MeshFacts;
  readonly injector: MeshInjector;
  /** Undefined where the adapter was made without the means to run programs. */
  readonly tool?: MeshTool;
  /** Undefined for a mesh that can be installed only once per cluster. */
  readonly revisions?: MeshRevisions;
  /** Versions of the control plane and of the proxies that run in these namespaces; default all. */
  versions(task?: TaskContext, among?: readonly string[]): Promise<MeshVersions>;
  /** How many proxies of each version of the mesh are connected to the control plane, in all namespaces. */
  proxyVersions(task?: TaskContext): Promise<Map<string, number>>;
  capabilities(pod: PodRef): Promise<Capabilities>;
  /** As the cluster has them; read once. */
  settings(task?: TaskContext): Promise<MeshSettings>;
  /** What is found of the mesh; only questions are asked. */
  survey(task?: TaskContext): Promise<MeshSurvey>;
  /** Under what a check that takes these things for granted is judged on a rig, as its owner has set up the mesh; that is read once. */
  circumstances(assumes: readonly Assumption[], rig: string, task?: TaskContext): Promise<Circumstances>;
  /** Peer identity of a service account, as the server sees it. */
  identity(namespace: string, serviceAccount: string, settings: Pick<MeshSettings, 'trustDomain'>): string;
  /** The headers in which a proxy tells its server that this identity calls. */
  identityHeaders(identity: string): Record<string, string>;
  certificate(pod: PodRef): Promise<WorkloadCertificate>;
  /**
   * The objects with what this adapter adds to see them take effect; it changes nothing that a check can observe. Left out where nothing is added.
   * @param objects in the namespaces in which they are applied
   */
  marked?(objects: readonly Manifest[]): Manifest[];
  /** Returns when every proxy of the namespace acts on the change, on new and on old connections. One at a time in a namespace. */
  converge(options: ConvergeOptions): Promise<Enforcement>;
  /** The proxy's own counters, which it keeps whatever the mesh is told to report. */
  counts(pod: PodRef): Promise<ProxyCounts>;
  /** What the proxy has logged of requests since then, oldest first; lines that are no access log are left out. */
  accessLog(pod: PodRef, since: Date): Promise<AccessLogLine[]>;
  /** The mesh's standard counter of requests; a proxy without the feature `request-metrics` has none, and a fresh one has none yet. */
  requestCounts(pod: PodRef): Promise<RequestCount[]>;
  /** The same counter as the proxy reports it, for checks of its very labels. Undefined for a mesh whose labels nobody can set. */
  labelledCounts?(pod: PodRef): Promise<LabelledCount[]>;
  /**
   * Proxy and control-plane state for a failure's diagnostics folder: file name → text.
   * @param only the namespace of a rig in a cluster with another owner: what does not concern the rig is left out
   */
  diagnostics(pods: readonly PodRef[], only?: string): Promise<Record<string, string>>;
}
