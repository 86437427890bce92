import { expect, test } from '@playwright/test';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { AuditEvent } from './audited.ts';
import { inWords, unusedGrants } from './rights-used.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const role = (kind: string, name: string, rules: object[], namespace?: string): Manifest => ({
  apiVersion: RBAC,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  rules,
});
const binding = (kind: string, roleKind: string, name: string, namespace?: string): Manifest => ({
  ...role(kind, name, [], namespace),
  roleRef: { kind: roleKind, name },
});
const rule = (group: string, resources: string[], verbs: string[]) => ({ apiGroups: [group], resources, verbs });
const event = (verb: string, path: string, code = 200): AuditEvent => {
  const [namespace = '', resource = '', subresource, apiGroup] = path.split('/');
  const objectRef = { resource, namespace, ...(subresource ? { subresource } : {}), ...(apiGroup ? { apiGroup } : {}) };
  return { verb, user: { username: 'guest' }, objectRef, requestURI: '', responseStatus: { code } };
};

const ACCOUNT = [
  role('ClusterRole', 'rig', [
    rule('', ['pods', 'pods/portforward'], ['get', 'create']),
    rule('apps', ['deployments'], ['create', 'patch', 'list']),
  ]),
  binding('RoleBinding', 'ClusterRole', 'rig', 'rig-0'),
  binding('RoleBinding', 'ClusterRole', 'rig', 'rig-1'),
  role('Role', 'control', [rule('', ['pods'], ['list'])], 'istio-system'),
  binding('RoleBinding', 'Role', 'control', 'istio-system'),
  role('ClusterRole', 'cluster', [rule('', ['namespaces'], ['list'])]),
  binding('ClusterRoleBinding', 'ClusterRole', 'cluster'),
];
const unused = (...events: AuditEvent[]) => unusedGrants(ACCOUNT, events).map(inWords);

test('Reports a permission that no request needed, but none that was needed in any of its namespaces', () => {
  const all = [
    event('get', 'rig-1/pods'),
    event('create', 'rig-0/pods', 201),
    event('get', 'rig-0/pods/portforward', 101),
    event('patch', 'rig-0/deployments//apps', 201),
    event('list', 'rig-0/deployments//apps'),
    event('list', 'istio-system/pods'),
    event('list', '/namespaces'),
  ];
  expect(unused(...all)).toEqual([]);
  expect(all.flatMap((_, at) => unused(...all.toSpliced(at, 1)))).toEqual([
    'rig: get pods',
    'rig: create pods',
    'rig: get pods/portforward',
    'rig: create pods/portforward',
    'rig: create deployments.apps',
    'rig: patch deployments.apps',
    'rig: list deployments.apps',
    'control: list pods',
    'cluster: list namespaces',
  ]);
});

test('Does not count requests in other namespaces or of other groups, nor denied ones', () => {
  expect(
    unused(
      event('list', 'rig-0/pods'),
      event('get', 'other/pods'),
      event('list', 'rig-0/deployments'),
      event('list', 'istio-system/pods', 403),
    ),
  ).toHaveLength(9);
  // A patch of an existing object creates nothing.
  expect(unused(event('patch', 'rig-0/deployments//apps'))).toContain('rig: create deployments.apps');
});
