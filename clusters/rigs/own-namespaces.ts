import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { TaskContext } from '../task-context.ts';
import { listed, notMade, type Unseen } from './listed.ts';
import { isForChecks, OWNER_LABEL } from './rig.ts';

/** Rigs of one owner: in namespaces that were made for them, or in those that the owner of the cluster made, and which stay. */
export interface OwnedRigs {
  owner: string;
  rigs: readonly string[];
  preprovisioned: boolean;
}

/** A rig for which namespaces were made. */
export interface OwnRig {
  rig: string;
  owner: string;
  /** What is left of them and of those that its checks made; others may have made or taken over some. */
  namespaces: LiveObject[];
}

/**
 * The rigs for which namespaces were made, by whatever is left of each: a removal may have broken off.
 * @param unseen default: it is an error when the account may not list namespaces
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

/** The namespaces that were made for these rigs, by runs or by their checks; whether they are still ours is for whoever removes them to see. */
export async function ownNamespaces(
  api: KubernetesApi,
  { owner, rigs, preprovisioned }: OwnedRigs,
  task: TaskContext,
): Promise<LiveObject[]> {
  if (!preprovisioned)
    return (await ownRigs(api, { owner }, task)).flatMap(({ rig, namespaces }) => (rigs.includes(rig) ? namespaces : []));
  // Whoever may not list namespaces has made none.
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

/** To which rig a namespace belongs that carries an owner's name, by its own name. */
function ownRigOf({ metadata: { name, labels } }: LiveObject): { owner: string; rig: string | undefined } {
  const owner = labels?.[OWNER_LABEL] ?? '';
  const prefix = `${owner}-rig-`;
  const number = name.startsWith(prefix) ? /^\d+(?=-|$)/.exec(name.slice(prefix.length)) : null;
  return { owner, rig: number === null ? undefined : `${prefix}${number[0]}` };
}
