import { controlPlaneRights, MANAGED, type Right } from '../existing/right.ts';
import type { Uses } from '../mesh/facts.ts';

/** What the adapter asks of an API server. */
export function rights({ manualInjection }: Uses): Right[] {
  return manualInjection ? [...ALWAYS, INJECTORS, TEMPLATES] : [...ALWAYS, { ...INJECTORS, optional: true }];
}

const ALWAYS: readonly Right[] = [
  ...controlPlaneRights('ask the control plane which configuration it has and which proxies have acknowledged it'),
  // The sentinel that every wait for convergence places.
  {
    where: 'rig',
    group: 'networking.istio.io',
    resource: 'envoyfilters',
    verbs: MANAGED,
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

const TEMPLATES: Right = {
  where: 'control',
  group: '',
  resource: 'configmaps',
  verbs: ['get'],
  purpose: 'inject manually with the configuration of the mesh',
};

/** Of which kinds objects may be added to those of a check. */
export const SETTLED_BY = [
  { group: 'security.istio.io', kind: 'PeerAuthentication' },
  { group: 'security.istio.io', kind: 'AuthorizationPolicy' },
  { group: 'networking.istio.io', kind: 'Sidecar' },
  { group: 'networking.istio.io', kind: 'DestinationRule' },
  { group: 'telemetry.istio.io', kind: 'Telemetry' },
];
