/**
 * Where a right is needed: in each namespace of a rig, in that of the control plane, in the mesh's root namespace, whose configuration acts on all of
 * it, or on the cluster.
 */
export type Where = 'rig' | 'control' | 'root' | 'cluster';

/** What an account must be allowed, as a rule of a Role says it. */
export interface Right {
  where: Where;
  /** API group; '' for the core one. */
  group: string;
  /** e.g. pods, or pods/log. */
  resource: string;
  verbs: readonly string[];
  /** Of the only objects that it is needed for; default all. */
  names?: readonly string[];
  /** What it is for, as it completes the sentence "may …". */
  purpose: string;
  /** Whether a run goes on without it, as it then takes for granted what is usual. */
  optional?: boolean;
}

/** Server-side apply is a PATCH that may create; what was applied is read, waited for and deleted. */
export const MANAGED = ['get', 'list', 'create', 'patch', 'delete'] as const;
/** A port-forward over a WebSocket is a GET; newer API servers ask for create as well. */
export const TUNNEL = ['get', 'create'] as const;

/** What the adapter of any mesh asks of its control plane. @param asked what the control plane is asked, as it completes the sentence "may …" */
export const controlPlaneRights = (asked: string): Right[] => [
  { where: 'control', group: '', resource: 'pods', verbs: ['list'], purpose: 'find the control plane' },
  { where: 'control', group: '', resource: 'pods/log', verbs: ['get'], purpose: "collect the control plane's log when a check fails" },
  { where: 'control', group: '', resource: 'pods/portforward', verbs: TUNNEL, purpose: asked },
];
