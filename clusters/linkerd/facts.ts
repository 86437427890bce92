import { EXIT, MeshproofError } from '../errors.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import type { NamespaceMarks } from '../mesh/settings.ts';
import { POLICY_LOG } from './convergence/inbound.ts';
import { SENTINEL_NAME } from './convergence/sentinel.ts';
import { PROXY_CONTAINER } from './proxy/admin.ts';
import { reachesOf } from './reach.ts';
import { RIGHTS } from './rights.ts';
import { schemas } from './schemas.ts';

const INJECTION = 'linkerd.io/inject';
/** The mark is an annotation; a label of that name has no effect. */
export const MESHED = { annotations: { [INJECTION]: 'enabled' } };
export const injects = ({ annotations = {} }: NamespaceMarks): boolean => ['enabled', 'ingress'].includes(annotations[INJECTION] ?? '');
/** The default log level of a proxy, plus the policies that it receives. The installation excludes headers. */
export const PROXY_LOG = `warn,linkerd=info,hickory=error,${POLICY_LOG}`;

/**
 * Linkerd can be installed only once per cluster, so a revision is always a mistake.
 * @throws MeshproofError `REVISION_UNKNOWN` with exit code 2
 */
export function refuseRevision(revision: string | undefined): void {
  if (revision === undefined) return;
  throw new MeshproofError('REVISION_UNKNOWN', `Linkerd has no revisions, so there is no revision ${revision}`, {
    hint: 'omit --revision',
    exitCode: EXIT.usage,
  });
}

export const FACTS: MeshFacts = {
  name: 'linkerd',
  usualNamespace: 'linkerd',
  controlPlane: { selector: 'linkerd.io/control-plane-component=destination', port: 8086 },
  parts: { controlPlane: 'linkerd', proxy: 'linkerd2-proxy' },
  skew: { mostBehind: 0, hint: 'see linkerd version --proxy' },
  usualMarks: (revision) => {
    refuseRevision(revision);
    return MESHED;
  },
  proxyContainer: PROXY_CONTAINER,
  proxyUser: 2102,
  proxyPrograms: ['linkerd2-proxy'],
  logFlushMs: 1_000,
  /** Changes take effect at once, and the log shows that a proxy has received one. */
  fastDrainAnnotations: { 'config.linkerd.io/proxy-log-level': PROXY_LOG },
  /** Proxies learn only of Services that they request. */
  exportedTo: () => ({}),
  placedInRigs: [`Server ${SENTINEL_NAME} and policies for it, used to see what proxies have received`],
  rights: () => RIGHTS,
  ownWebhooks: /(^|\.)linkerd\.io$/,
  settledBy: [],
  schemas,
  /** Objects in the namespace for egress configuration apply to the proxies of every namespace. */
  isMeshWide: ({ metadata }, { rootNamespace }) => metadata.namespace === rootNamespace,
  reachesOf,
  /** None: a route affects clients in other namespaces only if it is in the namespace of its Service. */
  exportedKinds: [],
  intrusionsOf: () => [],
  describesRevision: () => false,
};
