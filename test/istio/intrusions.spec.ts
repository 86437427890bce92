import { expect, test } from '@playwright/test';

import { intrusionsOf } from '../../clusters/istio/intrusions.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';

const namespaces = new Set(['rig', 'rig-neighbour']);
const object = (kind: string, namespace: string, spec: object, name = 'a'): Manifest => {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec };
};
const OWN: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server', namespace: 'rig' } },
  object('ServiceEntry', 'rig', { hosts: ['database.example'] }),
  object('VirtualService', 'rig', { hosts: ['shop.example'], gateways: ['entry'] }),
];

const SEEN: readonly [what: string, kind: string, spec: object, host?: string][] = [
  ['names the Service', 'VirtualService', { hosts: ['server.rig.svc.cluster.local'] }, 'server.rig.svc.cluster.local'],
  ['matches all hosts', 'VirtualService', { hosts: ['*'] }, 'server.rig.svc.cluster.local, database.example, shop.example'],
  ['matches a domain', 'VirtualService', { hosts: ['*.rig.svc.cluster.local'], exportTo: ['*'] }, 'server.rig.svc.cluster.local'],
  [
    'is exported to a namespace of the rig',
    'ServiceEntry',
    { hosts: ['database.example'], exportTo: ['rig-neighbour'] },
    'database.example',
  ],
  ['is for a gateway of the rig', 'VirtualService', { hosts: ['shop.example'], gateways: ['rig/entry'] }, 'shop.example'],
  ['is for a gateway and for sidecars', 'VirtualService', { hosts: ['shop.example'], gateways: ['public', 'mesh'] }, 'shop.example'],
  ['names a Service in its own namespace by a short name', 'VirtualService', { hosts: ['server'] }],
  ['is exported only to its own namespace', 'VirtualService', { hosts: ['*'], exportTo: ['.'] }],
  ['is exported to another namespace', 'VirtualService', { hosts: ['*'], exportTo: ['shop'] }],
  ['is for a gateway of others', 'VirtualService', { hosts: ['shop.example'], gateways: ['public'] }],
  ['names another host', 'ServiceEntry', { hosts: ['other.example'] }],
  ['has no hosts', 'VirtualService', {}],
];

for (const [what, kind, spec, hosts] of SEEN) {
  test(`${hosts === undefined ? 'Ignores' : 'Reports'} a ${kind} that ${what}`, () => {
    const words = hosts === undefined ? [] : [`${kind} shop/a is exported to the rig and names ${hosts}`];
    expect(intrusionsOf([object(kind, 'shop', spec)], OWN, { namespaces })).toEqual(words);
  });
}

test('Ignores objects in the rig', () => {
  expect(intrusionsOf([object('VirtualService', 'rig', { hosts: ['*'] })], OWN, { namespaces })).toEqual([]);
});
