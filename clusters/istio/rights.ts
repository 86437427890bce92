import { MANAGED, TUNNEL, type Right } from '../existing/right.ts';

/** What the adapter asks of an API server. */
export const RIGHTS: readonly Right[] = [
  { where: 'root', group: '', resource: 'configmaps', verbs: ['get'], purpose: 'inject by hand as the mesh is set up to' },
  { where: 'root', group: '', resource: 'pods', verbs: ['list'], purpose: 'find the control plane' },
  { where: 'root', group: '', resource: 'pods/log', verbs: ['get'], purpose: "keep the control plane's log of what failed" },
  {
    where: 'root',
    group: '',
    resource: 'pods/portforward',
    verbs: TUNNEL,
    purpose: 'ask the control plane what it has seen and who has acknowledged it',
  },
  // The sentinel that every wait for convergence places.
  {
    where: 'rig',
    group: 'networking.istio.io',
    resource: 'envoyfilters',
    verbs: MANAGED,
    purpose: 'apply and remove what checks configure',
  },
];
