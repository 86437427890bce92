import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import type { MeshSettings } from '../mesh/settings.ts';
import { unmeshedOf } from '../rigs/rig.ts';
import { namespacesOf, rigNames } from './namespaces.ts';
import type { Right, Where } from './right.ts';
import { rightsNeeded, type Needs } from './rights.ts';

export interface AccountOptions extends Needs {
  /** The name of the account and its roles. */
  name: string;
  /** The namespace of the account. */
  namespace: string;
  /** Prefix of the namespaces for rigs. */
  namespaces: string;
  rigs: number;
  /** The Secret with which nodes pull, as `namespace/name`. */
  pullSecret?: string;
  mesh: MeshFacts;
  /**
   * The namespace of the control plane, the namespace whose configuration applies to the whole mesh, and the marks of a rig's namespaces.
   */
  places: Pick<MeshSettings, 'controlPlaneNamespace' | 'rootNamespace' | 'namespaces'>;
}

const RBAC = 'rbac.authorization.k8s.io';

/**
 * A service account with the minimal permissions for runs with these checks: its namespace, those of its rigs, its roles and their
 * bindings.
 */
export function accountManifests(options: AccountOptions): Manifest[] {
  const { name, namespace, namespaces, rigs, createNamespaces, places } = options;
  const rights = rightsNeeded({ ...options, pulls: options.pullSecret !== undefined });
  const subject = { kind: 'ServiceAccount', name, namespace };
  const rolesFor = (where: Where) => rulesOf(rights.filter((right) => right.where === where));
  const bind = (kind: string, role: string, roleKind: string, place?: string): Manifest => ({
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name: role, ...(place === undefined ? {} : { namespace: place }) },
    roleRef: { apiGroup: RBAC, kind: roleKind, name: role },
    subjects: [subject],
  });
  const account: Manifest[] = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
  ];
  const role = (kind: string, roleName: string, where: Where, place?: string): Manifest => ({
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name: roleName, ...(place === undefined ? {} : { namespace: place }) },
    rules: rolesFor(where),
  });
  const within = (suffix: string, where: Where, place: string): Manifest[] =>
    rolesFor(where).length === 0
      ? []
      : [role('Role', `${name}-${suffix}`, where, place), bind('RoleBinding', `${name}-${suffix}`, 'Role', place)];
  const control = [
    ...within('control-plane', 'control', places.controlPlaneNamespace),
    ...within('mesh-wide', 'root', places.rootNamespace),
    role('ClusterRole', `${name}-cluster`, 'cluster'),
    bind('ClusterRoleBinding', `${name}-cluster`, 'ClusterRole'),
    ...pullSecretReader(options, bind),
  ];
  const rig = role('ClusterRole', `${name}-rig`, 'rig');
  if (createNamespaces) {
    return [...account, rig, bind('ClusterRoleBinding', `${name}-rig`, 'ClusterRole'), ...control];
  }
  const made = rigNames(namespaces, rigs).flatMap((one) =>
    namespacesOf(one).map((place) => ({ place, meshed: place !== unmeshedOf(one) })),
  );
  return [
    ...account,
    ...made.map(({ place, meshed }): Manifest => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: place, labels: {}, ...places.namespaces[meshed ? 'meshed' : 'unmeshed'] },
    })),
    rig,
    ...made.map(({ place }) => bind('RoleBinding', `${name}-rig`, 'ClusterRole', place)),
    ...control,
  ];
}

/** Permission to read that one Secret in its namespace. */
function pullSecretReader(
  { name, pullSecret }: Pick<AccountOptions, 'name' | 'pullSecret'>,
  bind: (kind: string, role: string, roleKind: string, place?: string) => Manifest,
): Manifest[] {
  if (pullSecret === undefined) return [];
  const [namespace = '', secret = ''] = pullSecret.split('/');
  const rules = [{ apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['get'] }];
  const role = `${name}-pull-secret`;
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: role, namespace }, rules },
    bind('RoleBinding', role, 'Role', namespace),
  ];
}

/** Permissions as rules of a role, merged if group and verbs are the same. */
function rulesOf(rights: readonly Right[]): unknown[] {
  const rules = Map.groupBy(rights, ({ group, verbs, names }) => JSON.stringify([group, verbs.toSorted(), names]));
  return [...rules.values()].map((members) => ({
    apiGroups: [members[0]?.group ?? ''],
    resources: members.map(({ resource }) => resource).toSorted(),
    ...(members[0]?.names === undefined ? {} : { resourceNames: members[0].names }),
    verbs: members[0]?.verbs ?? [],
  }));
}
