import { controlPlaneRights, type Right } from '../existing/right.ts';
import type { Uses } from '../mesh/facts.ts';

/** The permissions that the adapter needs. */
export function rights({ manualInjection }: Uses): Right[] {
  return manualInjection ? [...ALWAYS, INJECTORS, ...KUBE_INJECT] : [...ALWAYS, { ...INJECTORS, optional: true }];
}

const ALWAYS: readonly Right[] = [
  ...controlPlaneRights('ask the control plane which configuration it has and which proxies have acknowledged it'),
  // The sentinel that every wait for convergence places.
  {
    where: 'rig',
    group: 'networking.istio.io',
    resource: 'envoyfilters',
    verbs: ['list', 'create', 'patch', 'delete'],
    purpose: 'apply and remove the configuration of checks',
  },
];

const INJECTORS: Right = {
  where: 'cluster',
  group: 'admissionregistration.k8s.io',
  resource: 'mutatingwebhookconfigurations',
  verbs: ['list'],
  purpose: 'find the revisions of the mesh and their injection labels',
};

/**
 * What `istioctl kube-inject` reads in addition to the injectors: the mesh configuration, the Service that they name, and one of its pods,
 * which it also lists and forwards a port to.
 */
const KUBE_INJECT: readonly Right[] = ['configmaps', 'services', 'pods'].map((resource) => ({
  where: 'control',
  group: '',
  resource,
  verbs: ['get'],
  purpose: 'inject manually, with the configuration of the mesh',
}));

/** Kinds of the objects that may be added to those of a check. */
export const SETTLED_BY = [
  { group: 'security.istio.io', kind: 'PeerAuthentication' },
  { group: 'security.istio.io', kind: 'AuthorizationPolicy' },
  { group: 'networking.istio.io', kind: 'Sidecar' },
  { group: 'networking.istio.io', kind: 'DestinationRule' },
  { group: 'telemetry.istio.io', kind: 'Telemetry' },
];
