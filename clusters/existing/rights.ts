import { atMost } from '../at-most.ts';
import type { Connection } from '../kubernetes/connection.ts';
import type { MeshFacts, Uses } from '../mesh/facts.ts';
import { printable } from '../printable.ts';
import { MANAGED, TUNNEL, type Right, type Where } from './right.ts';

/** A kind of the objects that checks apply. */
export interface AppliedKind {
  group: string;
  kind: string;
}

export interface Needs {
  /** Kinds of the objects that checks apply in their rig. */
  kinds: readonly AppliedKind[];
  /** Kinds of the objects that checks apply in the mesh's root namespace; none unless that is allowed. */
  meshWide: readonly AppliedKind[];
  /** Whether the account creates and removes the namespaces of its rigs itself. */
  createNamespaces: boolean;
  /** Whether images are pulled with a Secret, which is copied to the rigs. */
  pulls?: boolean;
  mesh: Pick<MeshFacts, 'rights'>;
  uses: Uses;
}

/** What the harness itself needs, whatever the mesh and the checks. */
const ALWAYS: readonly Right[] = [
  { where: 'rig', group: '', resource: 'namespaces', verbs: ['get'], purpose: 'read the namespace of a rig' },
  {
    where: 'rig',
    group: '',
    resource: 'pods',
    verbs: ['get', 'list', 'create'],
    purpose: 'wait for the sample pods, and dry-run their admission',
  },
  { where: 'rig', group: '', resource: 'pods/log', verbs: ['get'], purpose: "read the samples' and proxies' logs" },
  {
    where: 'rig',
    group: '',
    resource: 'pods/portforward',
    verbs: TUNNEL,
    purpose: 'reach the control port of the samples and the admin port of their proxies',
  },
  {
    where: 'rig',
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    verbs: ['list'],
    purpose: 'verify during a check that the samples are endpoints of their Services',
  },
  { where: 'rig', group: '', resource: 'events', verbs: ['list'], purpose: 'collect events when a check fails' },
  { where: 'rig', group: '', resource: 'services', verbs: MANAGED, purpose: 'create the sample Services' },
  { where: 'rig', group: '', resource: 'configmaps', verbs: MANAGED, purpose: 'provide the program that the samples run' },
  { where: 'rig', group: '', resource: 'serviceaccounts', verbs: MANAGED, purpose: 'create the identities of the samples' },
  { where: 'rig', group: 'apps', resource: 'deployments', verbs: MANAGED, purpose: 'run the samples' },
  {
    where: 'rig',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'create', 'patch', 'delete'],
    purpose: 'lock a rig, and record each change before it is made',
  },
  { where: 'rig', group: '', resource: 'resourcequotas', verbs: ['list'], purpose: 'check whether quotas leave room for the samples' },
  {
    where: 'rig',
    group: 'networking.k8s.io',
    resource: 'networkpolicies',
    verbs: MANAGED,
    purpose: 'allow traffic between the samples where network policies deny it',
  },
];

const INJECTOR_OUTAGE: Right = {
  where: 'cluster',
  group: 'admissionregistration.k8s.io',
  resource: 'mutatingwebhookconfigurations',
  verbs: ['list', 'patch'],
  purpose: 'make the injector unreachable, and reachable again',
  // Only the checks with that fault need it.
  optional: true,
};

const LOAD: Right = { where: 'rig', group: '', resource: 'pods/exec', verbs: TUNNEL, purpose: 'run the load generator in its pod' };

/** All permissions that a run with these checks may need. */
export function rightsNeeded({ kinds, meshWide, createNamespaces, pulls = false, mesh, uses }: Needs): Right[] {
  const rights: Right[] = [
    ...ALWAYS,
    ...(uses.load ? [LOAD] : []),
    ...(uses.injectorOutage ? [INJECTOR_OUTAGE] : []),
    ...mesh.rights(uses),
  ];
  const add = (where: Where, { group, kind }: AppliedKind, purpose: string): void => {
    const resource = pluralOf(kind);
    const known = rights.find((right) => right.where === where && right.group === group && right.resource === resource);
    // The harness itself may only need to read the kind.
    if (known !== undefined) rights[rights.indexOf(known)] = { ...known, verbs: [...new Set([...known.verbs, ...MANAGED])] };
    else rights.push({ where, group, resource, verbs: MANAGED, purpose });
  };
  if (pulls) add('rig', { group: '', kind: 'Secret' }, 'provide the credentials of the sample image');
  for (const kind of kinds) add('rig', kind, 'apply and remove the configuration of checks');
  for (const kind of meshWide) add('root', kind, 'apply and remove the mesh-wide configuration of checks');
  // Creating a Role requires the permissions that it grants: a check's gateway watches the Secrets in its namespace.
  const grants = kinds.some(({ kind }) => kind === 'Role');
  return [
    ...rights.map((right) =>
      grants && right.where === 'rig' && right.resource === 'secrets' ? { ...right, verbs: [...right.verbs, 'watch'] } : right,
    ),
    ...(createNamespaces
      ? [
          {
            where: 'cluster' as const,
            group: '',
            resource: 'namespaces',
            verbs: MANAGED,
            purpose: 'create and remove the namespaces of rigs',
          },
        ]
      : []),
  ];
}

/** A missing permission, for one place and one verb. */
export interface Denial {
  verb: string;
  right: Right;
  namespace: string | undefined;
}

/** A missing permission as the end of a sentence: `create deployments in shop`. */
export function inWords({ verb, right, namespace }: Denial): string {
  const what = right.group === '' ? right.resource : `${right.resource}.${right.group}`;
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

/** The name of the account according to the API server; undefined if it does not tell. */
export async function accountOf(connection: Connection, signal?: AbortSignal): Promise<string | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  return await connection
    .json<{ status?: { userInfo?: { username?: string } } }>('POST', path, {
      description: 'reviewing the name of the account',
      body,
      signal,
    })
    .then(
      ({ status }) => (status?.userInfo?.username === undefined ? undefined : printable(status.userInfo.username)),
      () => undefined,
    );
}

/** The namespaces for which permissions are reviewed. */
export interface ReviewScope {
  /** Namespaces of rigs; if empty, all namespaces are reviewed. */
  rig: readonly string[];
  control: string;
  root: string;
}

/** An API server limits how many requests of one client it handles at a time. */
const QUESTIONS_AT_ONCE = 16;

/** Reviews each permission with a SelfSubjectAccessReview, and returns the missing ones. Nothing is attempted. */
export async function denials(
  connection: Connection,
  rights: readonly Right[],
  { rig, control, root }: ReviewScope,
  signal?: AbortSignal,
): Promise<Denial[]> {
  const places: Readonly<Record<Where, readonly (string | undefined)[]>> = {
    rig: rig.length === 0 ? [undefined] : rig,
    control: [control],
    root: [root],
    cluster: [undefined],
  };
  const needed = rights.filter(({ optional }) => optional !== true);
  const questions = needed.flatMap((right) =>
    places[right.where].flatMap((namespace) => right.verbs.map((verb): Denial => ({ verb, right, namespace }))),
  );
  const allowed = await atMost(QUESTIONS_AT_ONCE, questions, (question) => isAllowed(connection, question, signal));
  return questions.filter((_, index) => allowed[index] === false);
}

/** Whether the account has one permission. */
export async function isAllowed(connection: Connection, { verb, right, namespace }: Denial, signal?: AbortSignal): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  // One of several names represents all, because a Role lists them together.
  const resourceAttributes = { verb, group: right.group, resource, subresource, namespace, name: right.names?.[0] };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { status } = await connection.json<{ status?: { allowed?: boolean } }>('POST', path, {
    description: 'reviewing the permissions of the account',
    body,
    signal,
  });
  return status?.allowed === true;
}

/** The name of a kind's resource, as Kubernetes itself guesses it. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith('s')) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
