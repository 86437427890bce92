import type { MeshFacts } from '../mesh/facts.ts';
import type { NamespaceMarks } from '../mesh/settings.ts';
import { POLICY_LOG } from './convergence/inbound.ts';
import { SENTINEL_NAME } from './convergence/sentinel.ts';
import { PROXY_CONTAINER } from './proxy/admin.ts';
import { reachesOf } from './reach.ts';
import { RIGHTS } from './rights.ts';
import { schemas } from './schemas.ts';

const INJECTION = 'linkerd.io/inject';
/** By an annotation; a label of that name means nothing. */
export const MESHED = { annotations: { [INJECTION]: 'enabled' } };
export const injects = ({ annotations = {} }: NamespaceMarks): boolean => ['enabled', 'ingress'].includes(annotations[INJECTION] ?? '');
/** What a proxy logs by default, and the policies that it is given. The installation keeps headers out of it. */
export const PROXY_LOG = `warn,linkerd=info,hickory=error,${POLICY_LOG}`;

export const FACTS: MeshFacts = {
  name: 'linkerd',
  usualNamespace: 'linkerd',
  controlPlane: { selector: 'linkerd.io/control-plane-component=destination', port: 8086 },
  parts: { controlPlane: 'linkerd', proxy: 'linkerd2-proxy' },
  skew: { mostBehind: 0, hint: 'see linkerd version --proxy' },
  usualMarks: () => MESHED,
  proxyContainer: PROXY_CONTAINER,
  proxyUser: 2102,
  proxyPrograms: ['linkerd2-proxy'],
  logFlushMs: 1_000,
  /** Changes act at once; what shows that a proxy has been given one is its log. */
  fastDrainAnnotations: { 'config.linkerd.io/proxy-log-level': PROXY_LOG },
  /** Proxies are told of a Service when they ask for it, and of no other. */
  exportedTo: () => ({}),
  placedInRigs: [`Server ${SENTINEL_NAME} and policies for it, used to see what proxies have received`],
  rights: () => RIGHTS,
  ownWebhooks: /(^|\.)linkerd\.io$/,
  settledBy: [],
  schemas,
  /** What stands in the namespace of egress configuration is for the proxies of every namespace. */
  isMeshWide: ({ metadata }, { rootNamespace }) => metadata.namespace === rootNamespace,
  reachesOf,
  /** A route acts on the clients of its own namespace, or of the namespace of its Service. */
  exportedKinds: [],
  intrusionsOf: () => [],
  describesRevision: () => false,
};
