/**
 * Where a permission is needed: in each namespace of a rig, in that of the control plane, in the mesh's root namespace, whose configuration
 * applies to the whole mesh, or cluster-wide.
 */
export type Where = 'rig' | 'control' | 'root' | 'cluster';

/** A permission that an account needs, as a rule of a Role. */
export interface Right {
  where: Where;
  /** API group; '' for the core one. */
  group: string;
  /** e.g. pods, or pods/log. */
  resource: string;
  verbs: readonly string[];
  /** Names of the only objects that it is needed for; default all. */
  names?: readonly string[];
  /** Its purpose, as the completion of "may …". */
  purpose: string;
  /** Whether a run continues without it, assuming default settings. */
  optional?: boolean;
}

/** Server-side apply is a PATCH that may create; applied objects are then read, waited for and deleted. */
export const MANAGED = ['get', 'list', 'create', 'patch', 'delete'] as const;
/** A port-forward over a WebSocket is a GET; newer API servers require create as well. */
export const TUNNEL = ['get', 'create'] as const;

/**
 * The permissions for its control plane that the adapter of every mesh needs. @param asked what the control plane is asked for, as the
 * completion of "may …"
 */
export const controlPlaneRights = (asked: string): Right[] => [
  { where: 'control', group: '', resource: 'pods', verbs: ['list'], purpose: 'find the control plane' },
  { where: 'control', group: '', resource: 'pods/log', verbs: ['get'], purpose: "collect the control plane's log when a check fails" },
  { where: 'control', group: '', resource: 'pods/portforward', verbs: TUNNEL, purpose: asked },
];
