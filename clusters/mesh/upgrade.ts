import type { KubernetesApi } from '../kubernetes/api.ts';
import type { TaskContext } from '../task-context.ts';
import type { MeshCluster } from './module.ts';
import type { MeshBuild } from './node-images.ts';

/** `in-place`: the new control plane replaces the old one. `revision`: it is installed beside it, and the old one is removed last. */
export const UPGRADE_WAYS = ['in-place', 'revision'] as const;
export type UpgradeWay = (typeof UPGRADE_WAYS)[number];

/** An installation of a mesh that an upgrade comes from or goes to. */
export interface Installation {
  /** One of the module's `versions`. */
  version: string;
  /** The images on the nodes. */
  build: MeshBuild;
  /** `first`: installed with the cluster. `forward` and `rollback`: installed by the upgrade, or by the rollback. */
  place: 'first' | 'forward' | 'rollback';
}

/** One change of an upgrade. */
export interface UpgradeChange {
  title: string;
  /** How an operator would do it. */
  command: string;
  /** Returns once the change is complete. */
  run: (task: TaskContext) => Promise<void>;
}

/** The versions that run under one control plane. */
export interface RunningVersions {
  /** The mesh's name for the control plane, if there may be several; a sentence for proxies that are connected to none. */
  name: string;
  /** Empty for those. */
  controlPlane: readonly string[];
  /** How many connected proxies have each version. */
  proxies: ReadonlyMap<string, number>;
}

/** The way from one installation to another, in the order of its parts. */
export interface Move {
  /** Problems that the mesh's own tool reports before the move. */
  precheck: (task: TaskContext) => Promise<string[]>;
  /** The changes before pods are restarted. */
  before: readonly UpgradeChange[];
  /** Labels of namespaces whose pods get the new proxies once they are restarted; null removes one. Empty if the labels stay. */
  labels: Readonly<Record<string, string | null>>;
  /** The changes after all pods were restarted. */
  after: readonly UpgradeChange[];
  /** What runs now; each control plane is asked for itself. A control plane that does not run is omitted. */
  running: (task: TaskContext) => Promise<RunningVersions[]>;
}

/** The way of a mesh from one of its installations to another. */
export type MoveBetween = (
  cluster: MeshCluster,
  api: KubernetesApi,
  way: UpgradeWay,
  installations: { from: Installation; to: Installation },
) => Move;
