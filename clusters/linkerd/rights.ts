import { controlPlaneRights, MANAGED, type Right } from '../existing/right.ts';

/** The permissions that the adapter needs. */
export const RIGHTS: readonly Right[] = [
  { where: 'control', group: '', resource: 'configmaps', verbs: ['get'], purpose: "read the mesh's trust domain" },
  ...controlPlaneRights('ask the control plane what configuration it sends to proxies'),
  // The sentinels that convergence places.
  ...[
    'servers',
    'serverauthorizations',
    'authorizationpolicies',
    'meshtlsauthentications',
    'networkauthentications',
    'httplocalratelimitpolicies',
    'httproutes',
  ].map((resource): Right => ({
    where: 'rig',
    group: 'policy.linkerd.io',
    resource,
    verbs: MANAGED,
    purpose: 'apply and remove the configuration of checks',
  })),
];
