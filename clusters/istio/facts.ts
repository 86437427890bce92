import type { MeshFacts } from '../mesh/facts.ts';
import { SENTINEL_NAME } from './convergence/sentinel.ts';
import { PROXY_CONTAINER } from './proxy/admin.ts';
import { EXPORTED_KINDS, intrusionsOf } from './intrusions.ts';
import { EXPORT_TO, reachesOf } from './reach.ts';
import { rights, SETTLED_BY } from './rights.ts';
import { schemas } from './schemas.ts';
import { labelledBy, usualInjection } from './survey/control-planes.ts';
import { USUAL_NAMESPACE } from './survey/survey.ts';

export const FACTS: MeshFacts = {
  name: 'istio',
  usualNamespace: USUAL_NAMESPACE,
  controlPlane: { selector: 'app=istiod', port: 15012 },
  parts: { controlPlane: 'istiod', proxy: 'envoy' },
  skew: { mostBehind: 2, hint: 'see istioctl proxy-status' },
  usualMarks: (revision) => ({ labels: labelledBy(usualInjection(revision)) }),
  proxyContainer: PROXY_CONTAINER,
  proxyUser: 1337,
  proxyPrograms: ['envoy', 'pilot-agent'],
  /** Envoy's flush interval. */
  logFlushMs: 1_000,
  gatewayProbe: { port: 15021, path: '/healthz/ready' },
  jwks: {
    /**
     * istiod fetches all keys in rounds, one after the other. Of three fetches of one address, the second belongs to a round that began
     * after the first, and its results were pushed before the third.
     */
    fetches: 3,
    renewal: 'istiod to fetch the keys again (PILOT_JWT_PUB_KEY_REFRESH_INTERVAL)',
  },
  /**
   * The harness's own installation sets this for the whole mesh; with Istio's default, a change takes effect on kept connections after 45
   * s.
   */
  fastDrainAnnotations: { 'proxy.istio.io/config': JSON.stringify({ drainDuration: '1s', holdApplicationUntilProxyStarts: true }) },
  exportedTo: (namespaces) => ({ [EXPORT_TO]: namespaces.join(',') }),
  placedInRigs: [`EnvoyFilter ${SENTINEL_NAME} (or a ServiceEntry, if policies refuse that), used to see what proxies have acknowledged`],
  rights,
  ownWebhooks: /(^|\.)istio\.io$/,
  settledBy: SETTLED_BY,
  schemas,
  /** Objects in the root namespace apply to the proxies of every namespace. */
  isMeshWide: ({ metadata }, { rootNamespace }) => metadata.namespace === rootNamespace,
  reachesOf,
  exportedKinds: EXPORTED_KINDS,
  intrusionsOf,
  describesRevision: ({ apiVersion, kind }) => kind === 'IstioOperator' && apiVersion.startsWith('install.istio.io/'),
};
