import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import type { MeshSettings, NamespaceMarks } from '../mesh/settings.ts';
import { agentConfigMap, agentName, withAgent, type SampleOptions } from './agent.ts';
import { pullingWith, pullSecretIn } from './pull-secret.ts';

/** The roles in a rig. Each is one pod, labelled `meshproof.dev/actor`. */
export const SAMPLE_WORKLOADS = ['caller', 'other', 'server-v1', 'server-v2', 'server-v3', 'mirror', 'neighbour', 'unmeshed'] as const;
export type SampleWorkload = (typeof SAMPLE_WORKLOADS)[number];

export const ACTOR_LABEL = 'meshproof.dev/actor';
/** Its value is the name of the cluster for which meshproof created the object. */
export const OWNER_LABEL = 'meshproof.dev/owner';
/** Its value is the rig whose check applied the object, which may be in another namespace or in none. */
export const RIG_LABEL = 'meshproof.dev/rig';

/** The ports of samples, as in the agent. Nothing listens on the last one, for which an adapter may place configuration. */
export const SAMPLE_PORTS = { http: 8080, metrics: 9090, tcp: 9000, ready: 15998, sentinel: 15997 };

/** Samples do not record requests below these paths, see the agent's protocol; those below the second one are answered a second late. */
export const OWN_PATHS = { quick: '/.meshproof/', slow: '/.meshproof/slow/' };

/** What the profile `restricted` of Pod Security Admission requires of a container. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** The same profile requires this of every container, including those that a mesh adds; set for the pod, it applies to all of them. */
const RESTRICTED_POD = { seccompProfile: RESTRICTED.seccompProfile } as const;

/** A pod that does nothing, created to see how new pods are admitted. */
export function newcomer(name: string, namespace: string, image: string): Manifest {
  const container = { name: 'app', image, imagePullPolicy: 'IfNotPresent', securityContext: RESTRICTED };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'newcomer' } },
    spec: { terminationGracePeriodSeconds: 1, enableServiceLinks: false, securityContext: RESTRICTED_POD, containers: [container] },
  };
}

/**
 * A single 503 makes a sample unready at once, because a check has told it to respond so. On an overloaded machine there is no response in
 * time, which with the default timeout of one second would have the same effect.
 */
const READINESS = { httpGet: { path: '/ready', port: SAMPLE_PORTS.ready }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 15 };

/** The namespace of a rig's unmeshed pods. */
export const unmeshedOf = (namespace: string): string => `${namespace}-unmeshed`;

/** The namespace of a rig's meshed pod that shares no policy with the others. */
export const neighbourOf = (namespace: string): string => `${namespace}-neighbour`;

/** Whether a check on this rig may create and remove a namespace of that name: it starts with the rig's name, and is not the rig's own. */
export function isForChecks(name: string, rig: string): boolean {
  return name.startsWith(`${rig}-`) && name !== neighbourOf(rig) && name !== unmeshedOf(rig);
}

/** Whether a namespace of that name belongs to a rig, or was created by a check on one. */
export function isInRig(name: string): boolean {
  return /-rig-\d+($|-)/.test(name);
}

/** The namespaces of a rig: two whose pods get a proxy, and one whose pods do not. */
export function rigNamespaces(namespace: string, { meshed, unmeshed }: MeshSettings['namespaces'], owner: string): Manifest[] {
  const made = (name: string, { labels, annotations = {} }: NamespaceMarks): Manifest => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { [OWNER_LABEL]: owner, ...labels }, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  });
  return [made(namespace, meshed), made(neighbourOf(namespace), meshed), made(unmeshedOf(namespace), unmeshed)];
}

interface Sample {
  actor: SampleWorkload;
  account: string;
  app: string;
  version: string;
}

const SAMPLES: readonly Sample[] = [
  { actor: 'caller', account: 'frontend', app: 'caller', version: 'v1' },
  { actor: 'other', account: 'other', app: 'other', version: 'v1' },
  { actor: 'server-v1', account: 'server', app: 'server', version: 'v1' },
  { actor: 'server-v2', account: 'server', app: 'server', version: 'v2' },
  { actor: 'server-v3', account: 'server', app: 'server', version: 'v3' },
  { actor: 'mirror', account: 'mirror', app: 'mirror', version: 'v1' },
];

const NEIGHBOUR: Sample = { actor: 'neighbour', account: 'default', app: 'neighbour', version: 'v1' };
const UNMESHED: Sample = { actor: 'unmeshed', account: 'default', app: 'unmeshed', version: 'v1' };

/** Values of the label `app` of the samples with a proxy, which policies select them by. */
export const MESHED_APPS = {
  rig: [...new Set(SAMPLES.map(({ app }) => app))],
  neighbour: [NEIGHBOUR.app],
} as const;

function deployment(
  { actor, account, app, version }: Sample,
  namespace: string,
  samples: SampleOptions,
  annotations: Record<string, string>,
): Manifest {
  const labels = { app, version, [ACTOR_LABEL]: actor };
  const container = {
    name: 'app',
    image: samples.image,
    imagePullPolicy: 'IfNotPresent',
    ports: Object.entries(SAMPLE_PORTS).map(([name, containerPort]) => ({ name, containerPort })),
    env: [
      { name: 'AGENT_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'AGENT_VERSION', value: version },
    ],
    readinessProbe: READINESS,
    // On a busy machine, pods that keep the time of an open loop take precedence over pods that respond.
    resources: { requests: { cpu: ['server', 'mirror', 'neighbour'].includes(app) ? '10m' : '50m', memory: '48Mi' } },
    securityContext: RESTRICTED,
  };
  const spec = { serviceAccountName: account, terminationGracePeriodSeconds: 1, enableServiceLinks: false, containers: [container] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: actor, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { [ACTOR_LABEL]: actor } },
      template: {
        metadata: { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
        spec: withAgent(spec, samples, agentName(samples.agent)),
      },
    },
  };
}

/** @param annotations limit the Service to the rig's own proxies, so that others are not updated for each pod that comes and goes here */
function service(name: string, namespace: string, selector: Record<string, string>, annotations: Record<string, string>): Manifest {
  const { http, metrics, tcp } = SAMPLE_PORTS;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, annotations },
    spec: {
      selector,
      // The names' prefixes tell a mesh the protocol; 9090 carries HTTP as a metrics endpoint would.
      ports: [
        { name: 'http', port: http, targetPort: http },
        { name: 'http-metrics', port: metrics, targetPort: metrics },
        { name: 'tcp', port: tcp, targetPort: tcp },
      ],
    },
  };
}

/**
 * All objects in a rig's namespaces: service accounts, three versions of one Service, a mirror target, two meshed callers, a meshed
 * neighbour, one pod without a proxy, and the program that they run.
 * @param annotations annotations of the pods that get a proxy
 */
export function rigObjects(
  namespace: string,
  samples: SampleOptions,
  mesh: Pick<MeshFacts, 'exportedTo'>,
  annotations: Record<string, string> = {},
): Manifest[] {
  const places = [namespace, neighbourOf(namespace), unmeshedOf(namespace)];
  const exported = mesh.exportedTo(places);
  const serviceIn = (place: string, name: string, selector: Record<string, string>) => service(name, place, selector, exported);
  const accounts = [...new Set(SAMPLES.map((sample) => sample.account))];
  return [
    ...places.map((place) => agentConfigMap(samples.agent, agentName(samples.agent), place)),
    ...places.flatMap((place) => pullSecretIn(place, samples.credentials)),
    ...accounts.map((name): Manifest => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
      ...pullingWith(samples.credentials),
    })),
    serviceIn(namespace, 'server', { app: 'server' }),
    serviceIn(namespace, 'mirror', { app: 'mirror' }),
    ...['v1', 'v2', 'v3'].map((version) => serviceIn(namespace, `server-${version}`, { app: 'server', version })),
    ...SAMPLES.map((sample) => deployment(sample, namespace, samples, annotations)),
    serviceIn(neighbourOf(namespace), 'neighbour', { app: 'neighbour' }),
    deployment(NEIGHBOUR, neighbourOf(namespace), samples, annotations),
    // The unmeshed pod has a Service too, for the control plane, which fetches the keys of a token issuer from it.
    serviceIn(unmeshedOf(namespace), 'unmeshed', { app: 'unmeshed' }),
    deployment(UNMESHED, unmeshedOf(namespace), samples, {}),
  ];
}
