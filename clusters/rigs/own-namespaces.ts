import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { TaskContext } from '../task-context.ts';
import { listed, notMade, type Unseen } from './listed.ts';
import { isForChecks, OWNER_LABEL } from './rig.ts';

/** Rigs of one owner: in namespaces created for them, or in preprovisioned ones of the cluster's owner, which are kept. */
export interface OwnedRigs {
  owner: string;
  rigs: readonly string[];
  preprovisioned: boolean;
}

/** A rig for which namespaces were created. */
export interface OwnRig {
  rig: string;
  owner: string;
  /** The remaining namespaces of the rig and of its checks; others may have created or taken over some of them. */
  namespaces: LiveObject[];
}

/**
 * The rigs for which namespaces were created, found by whatever is left of each, because a removal may have been interrupted.
 * @param unseen default: fail if the account may not list namespaces
 */
export async function ownRigs(
  api: KubernetesApi,
  { owner, unseen }: { owner?: string; unseen?: Unseen },
  task: TaskContext,
): Promise<OwnRig[]> {
  const named = (await labelled(api, owner, unseen, task)).map((live) => ({ live, ...ownRigOf(live) }));
  return [...Map.groupBy(named, ({ rig }) => rig)].flatMap(([rig, members]) => {
    const [first] = members;
    return rig === undefined || first === undefined ? [] : [{ rig, owner: first.owner, namespaces: members.map(({ live }) => live) }];
  });
}

/**
 * The namespaces that were created for these rigs, by runs or by their checks. The caller must check that meshproof still owns them before
 * removing any.
 */
export async function ownNamespaces(
  api: KubernetesApi,
  { owner, rigs, preprovisioned }: OwnedRigs,
  task: TaskContext,
): Promise<LiveObject[]> {
  if (!preprovisioned)
    return (await ownRigs(api, { owner }, task)).flatMap(({ rig, namespaces }) => (rigs.includes(rig) ? namespaces : []));
  // An account that may not list namespaces cannot have created any.
  const found = await labelled(api, owner, notMade, task);
  return found.filter(({ metadata: { name } }) => rigs.some((rig) => isForChecks(name, rig)));
}

async function labelled(
  api: KubernetesApi,
  owner: string | undefined,
  unseen: Unseen | undefined,
  { signal }: TaskContext,
): Promise<LiveObject[]> {
  const options = { labelSelector: owner === undefined ? OWNER_LABEL : `${OWNER_LABEL}=${owner}`, ...omitUndefined({ signal }) };
  return unseen === undefined ? await api.list('v1', 'Namespace', options) : await listed(api, ['v1', 'Namespace'], options, unseen);
}

/** The rig that a labelled namespace belongs to, derived from its name. */
function ownRigOf({ metadata: { name, labels } }: LiveObject): { owner: string; rig: string | undefined } {
  const owner = labels?.[OWNER_LABEL] ?? '';
  const prefix = `${owner}-rig-`;
  const number = name.startsWith(prefix) ? /^\d+(?=-|$)/.exec(name.slice(prefix.length)) : null;
  return { owner, rig: number === null ? undefined : `${prefix}${number[0]}` };
}
