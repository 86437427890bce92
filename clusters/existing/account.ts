import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { unmeshedOf } from '../rigs/rig.ts';
import { namespacesOf, rigNames } from './namespaces.ts';
import type { Right, Where } from './right.ts';
import { rightsNeeded, type Needs } from './rights.ts';

export interface AccountOptions extends Needs {
  /** Of the account and its roles. */
  name: string;
  /** Where the account lives. */
  namespace: string;
  /** Prefix of the namespaces for rigs. */
  namespaces: string;
  rigs: number;
  mesh: MeshFacts;
}

const RBAC = 'rbac.authorization.k8s.io';

/** A service account with the least rights for runs with these checks: its namespace, those of its rigs, its roles and their bindings. */
export function accountManifests(options: AccountOptions): Manifest[] {
  const { name, namespace, namespaces, rigs, createNamespaces, mesh } = options;
  const rights = rightsNeeded(options);
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
  const control = [
    role('Role', `${name}-control-plane`, 'root', mesh.controlPlaneNamespace),
    bind('RoleBinding', `${name}-control-plane`, 'Role', mesh.controlPlaneNamespace),
  ];
  const rig = role('ClusterRole', `${name}-rig`, 'rig');
  if (createNamespaces) {
    return [
      ...account,
      rig,
      bind('ClusterRoleBinding', `${name}-rig`, 'ClusterRole'),
      role('ClusterRole', `${name}-namespaces`, 'cluster'),
      bind('ClusterRoleBinding', `${name}-namespaces`, 'ClusterRole'),
      ...control,
    ];
  }
  const places = rigNames(namespaces, rigs).flatMap((one) =>
    namespacesOf(one).map((place) => ({ place, meshed: place !== unmeshedOf(one) })),
  );
  return [
    ...account,
    ...places.map(({ place, meshed }): Manifest => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: place, labels: {}, ...(meshed ? mesh.injection : {}) },
    })),
    rig,
    ...places.map(({ place }) => bind('RoleBinding', `${name}-rig`, 'ClusterRole', place)),
    ...control,
  ];
}

/** Rights as a role's rules: those of one group with the same verbs together. */
function rulesOf(rights: readonly Right[]): unknown[] {
  const rules = Map.groupBy(rights, ({ group, verbs }) => JSON.stringify([group, verbs.toSorted()]));
  return [...rules.values()].map((members) => ({
    apiGroups: [members[0]?.group ?? ''],
    resources: members.map(({ resource }) => resource).toSorted(),
    verbs: members[0]?.verbs ?? [],
  }));
}
