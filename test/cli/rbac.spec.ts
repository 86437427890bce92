import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { parseQuantity, sum } from '../../clusters/existing/quantities.ts';
import { pluralOf, rightsNeeded } from '../../clusters/existing/rights.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { accountOf, type RbacOptions } from '../../scripts/actions/rbac.ts';
import { appliedBy } from '../../scripts/run/applied-kinds.ts';
import { meshproof } from './run.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

const rulesOf = (objects: readonly Manifest[], name: string) =>
  (objects.find(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === name)?.['rules'] ?? []) as Rule[];
/** All verbs of each resource. */
const verbsOf = (rules: readonly Rule[]) => {
  const pairs = rules.flatMap((rule) => rule.resources.map((resource) => [resource, rule.verbs] as const));
  const byResource = Map.groupBy(pairs, ([resource]) => resource);
  return Object.fromEntries(
    [...byResource].map(([resource, all]) => [resource, [...new Set(all.flatMap(([, verbs]) => verbs))].toSorted()]),
  );
};
const resources = (rules: readonly Rule[]) => rules.flatMap((rule) => rule.resources);

test('Grants what the chosen checks need, in namespaces that the owner creates', async () => {
  const asked = ['--check=routing/canary-header', '--name=prover', '--namespaces=trial', '--workers=2'];
  const { stdout, stderr, exitCode } = await meshproof(['rbac', ...asked]);
  expect(exitCode, stderr).toBe(0);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  const places = ['', '-neighbour', '-unmeshed'].flatMap((part) => [`trial-rig-0${part}`, `trial-rig-1${part}`]).toSorted();
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  expect(
    of('Namespace')
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  ).toEqual(['meshproof-system', ...places].toSorted());
  expect(of('ClusterRoleBinding').map(({ metadata }) => metadata.name)).toEqual(['prover-cluster']);
  expect(rulesOf(objects, 'prover-cluster')).toEqual([
    { apiGroups: ['admissionregistration.k8s.io'], resources: ['mutatingwebhookconfigurations'], verbs: ['list'] },
  ]);
  expect(
    of('RoleBinding')
      .map(({ metadata }) => metadata.namespace ?? '')
      .toSorted(),
  ).toEqual(['istio-system', ...places]);
  const rig = rulesOf(objects, 'prover-rig');
  expect(resources(rig)).toEqual(
    expect.arrayContaining(['pods/portforward', 'deployments', 'destinationrules', 'virtualservices', 'envoyfilters']),
  );
  expect(resources(rig)).not.toContain('secrets');
  expect(resources(rig)).not.toContain('pods/exec');
  expect(resources(rig)).not.toContain('authorizationpolicies');
  const root = rulesOf(objects, 'prover-control-plane');
  expect(resources(root)).not.toContain('configmaps');
  expect(root.flatMap(({ verbs }) => verbs).filter((verb) => verb !== 'get' && verb !== 'list' && verb !== 'create')).toEqual([]);
  expect(root.filter(({ verbs }) => verbs.includes('create')).flatMap((rule) => rule.resources)).toEqual(['pods/portforward']);
  expect(JSON.stringify(objects)).not.toContain('"*"');
});

test('Grants mesh-wide objects and namespaces only with --allow-mesh-wide and --create-namespaces', async () => {
  const options = { name: 'meshproof', namespace: 'meshproof-system', namespaces: 'meshproof', workers: 2, mesh: 'istio' } as const;
  const applies = await appliedBy({ suites: ['security'], ids: [], filters: [] }, 'istio');
  const plain = await accountOf({ ...options, suite: [], check: [] }, applies);
  const wide = await accountOf({ ...options, suite: [], check: [], allowMeshWide: true, createNamespaces: true }, applies);
  expect(resources(rulesOf(plain, 'meshproof-mesh-wide'))).toEqual([]);
  expect(resources(rulesOf(wide, 'meshproof-mesh-wide'))).toEqual(['peerauthentications']);
  expect(rulesOf(wide, 'meshproof-cluster')).toContainEqual({
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['get', 'list', 'create', 'patch', 'delete'],
  });
  expect(wide.filter(({ kind }) => kind === 'ClusterRoleBinding')).toHaveLength(2);
});

test('Follows the namespaces and labels of a mesh that is installed elsewhere', async () => {
  const places = { meshNamespace: 'mesh-system', rootNamespace: 'mesh-config', revision: 'stable-1' };
  const options = { name: 'meshproof', namespace: 'meshproof-system', namespaces: 'meshproof', workers: 1, mesh: 'istio' } as const;
  const peerAuthentication = { group: 'security.istio.io', kind: 'PeerAuthentication' };
  const applies = {
    kinds: [],
    meshWide: [peerAuthentication],
    assumes: [],
    uses: { manualInjection: true, load: false, injectorOutage: false },
  };
  const objects = await accountOf({ ...options, ...places, suite: [], check: [], allowMeshWide: true }, applies);
  const placeOf = (role: string) => objects.find(({ kind, metadata }) => kind === 'Role' && metadata.name === role)?.metadata.namespace;
  expect([placeOf('meshproof-control-plane'), placeOf('meshproof-mesh-wide')]).toEqual(['mesh-system', 'mesh-config']);
  // What istioctl needs there to inject: the mesh configuration, and a connection to the injector's pod.
  expect(verbsOf(rulesOf(objects, 'meshproof-control-plane'))).toEqual({
    configmaps: ['get'],
    pods: ['get', 'list'],
    'pods/log': ['get'],
    'pods/portforward': ['create', 'get'],
    services: ['get'],
  });
  const labels = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.labels ?? {});
  expect(labels).toEqual([{}, { 'istio.io/rev': 'stable-1' }, { 'istio.io/rev': 'stable-1' }, {}]);
});

test('Lets the account make the injector unreachable only if --allow-mesh-wide and --allow-faults say so', async () => {
  const options = { name: 'meshproof', namespace: 'meshproof-system', namespaces: 'meshproof', workers: 1, mesh: 'istio' } as const;
  const applies = { kinds: [], meshWide: [], assumes: [], uses: { manualInjection: false, load: false, injectorOutage: true } };
  const verbs = async (allowed: Partial<RbacOptions>): Promise<string[]> => {
    const objects = await accountOf({ ...options, suite: [], check: [], ...allowed }, applies);
    const rules = rulesOf(objects, 'meshproof-cluster').filter(({ resources: [name] }) => name === 'mutatingwebhookconfigurations');
    return rules.flatMap((rule) => rule.verbs);
  };
  expect(await verbs({ allowMeshWide: true, allowFaults: ['injector'] })).toContain('patch');
  expect(await verbs({ allowMeshWide: true })).not.toContain('patch');
  expect(await verbs({ allowFaults: ['injector'] })).not.toContain('patch');
});

test('Lets the account read only the Secret of --pull-secret, and create its copies', async () => {
  const options = { name: 'meshproof', namespace: 'meshproof-system', namespaces: 'meshproof', workers: 1, mesh: 'istio' } as const;
  const applies = { kinds: [], meshWide: [], assumes: [], uses: { manualInjection: false, load: false, injectorOutage: false } };
  const objects = await accountOf({ ...options, suite: [], check: [], pullSecret: 'ci/registry' }, applies);
  const reader = objects.filter(({ metadata }) => metadata.name === 'meshproof-pull-secret');
  expect(reader.map(({ kind, metadata }) => `${kind} in ${metadata.namespace}`)).toEqual(['Role in ci', 'RoleBinding in ci']);
  expect(reader[0]).toMatchObject({ rules: [{ resources: ['secrets'], resourceNames: ['registry'], verbs: ['get'] }] });
  expect(resources(rulesOf(objects, 'meshproof-rig'))).toContain('secrets');
});

test('Lets an account hold what a Role that it creates grants', () => {
  const kinds = ['Role', 'RoleBinding', 'Secret'].map((kind) => ({ group: kind === 'Secret' ? '' : 'rbac.authorization.k8s.io', kind }));
  const rights = rightsNeeded({
    kinds,
    meshWide: [],
    createNamespaces: false,
    uses: { manualInjection: false, load: false, injectorOutage: false },
    mesh: { rights: () => [] },
  });
  expect(rights.find(({ resource }) => resource === 'secrets')?.verbs).toEqual(expect.arrayContaining(['get', 'list', 'watch']));
});

test('Derives the resource name of a kind', () => {
  expect(['AuthorizationPolicy', 'Gateway', 'Telemetry', 'Sidecar', 'Ingress', 'ServiceEntry'].map(pluralOf)).toEqual([
    'authorizationpolicies',
    'gateways',
    'telemetries',
    'sidecars',
    'ingresses',
    'serviceentries',
  ]);
});

test('Parses and adds quantities', () => {
  expect(['250m', '2', '1.5Gi', '64Mi', '1e3', 7].map((text) => parseQuantity(text))).toEqual([0.25, 2, 1.5 * 2 ** 30, 2 ** 26, 1_000, 7]);
  expect(parseQuantity('a lot')).toBeNaN();
  expect(
    sum([
      { pods: 1, 'requests.cpu': '10m' },
      { pods: '1', 'requests.cpu': '0.5' },
    ]),
  ).toEqual({ pods: 2, 'requests.cpu': 0.51 });
});
