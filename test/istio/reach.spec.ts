import { expect, test } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import { EXPORT_TO, reachesOf } from '../../clusters/istio/reach.ts';
import { ENTRY_SENTINEL, FILTER_SENTINEL } from '../../clusters/istio/convergence/sentinel.ts';
import { neighbourOf, unmeshedOf, rigObjects } from '../../clusters/rigs/rig.ts';
import { SAMPLES } from '../rigs/samples.ts';

const confines = (rig: string) => ({ rig, namespaces: new Set([rig, neighbourOf(rig), unmeshedOf(rig)]) });

const sentinels = (namespace: string) => [FILTER_SENTINEL, ENTRY_SENTINEL].map(({ object }) => object(namespace, 'name'));

test('Accepts what a rig contains, including the sentinel', () => {
  const objects = [...rigObjects('a-rig-0', SAMPLES, FACTS), ...sentinels('a-rig-0'), ...sentinels(neighbourOf('a-rig-0'))];
  expect(reachesOf(objects, confines('a-rig-0'))).toEqual([]);
});

test("Detects that one rig's objects would affect another", () => {
  const services = rigObjects('a-rig-0', SAMPLES, FACTS).filter(({ kind }) => kind === 'Service');
  expect(services).not.toEqual([]);
  expect(reachesOf(services, confines('a-rig-1'))).toHaveLength(services.length);
  expect(reachesOf([FILTER_SENTINEL.object('a-rig-0', 'cluster')], confines('a-rig-1'))).toEqual([
    "EnvoyFilter meshproof-sentinel is in a-rig-0, outside the rig; a check that needs this must set exclusive: 'mesh-wide'",
  ]);
  const gateway = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'a' },
    spec: { selector: { app: 'a-rig-1' } },
  };
  expect(reachesOf([gateway], confines('a-rig-0'))).toHaveLength(1);
});

test('Treats an Ingress and a GatewayClass as affecting the whole cluster', () => {
  const object = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: 'a' }, spec: {} });
  const objects = [object('networking.k8s.io/v1', 'Ingress'), object('gateway.networking.k8s.io/v1', 'GatewayClass')];
  expect(reachesOf(objects, confines('rig'))).toEqual([
    "Ingress a acts on gateways of the whole cluster; a check that needs this must set exclusive: 'mesh-wide'",
    "GatewayClass a acts on gateways of the whole cluster; a check that needs this must set exclusive: 'mesh-wide'",
  ]);
  expect(reachesOf([object('networking.k8s.io/v1', 'NetworkPolicy')], confines('rig'))).toEqual([]);
});

test('Accepts only strings as names of the rig', () => {
  const object = (spec: unknown, annotations = {}) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', annotations }, spec });
  expect(reachesOf([object(null)], confines('rig'))).toHaveLength(1);
  expect(reachesOf([object({}, { [EXPORT_TO]: '' })], confines('rig'))).toHaveLength(1);
  for (const exportTo of [[null], [{}], 'rig', {}]) {
    const rule = { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: 'a' }, spec: { exportTo } };
    expect(reachesOf([rule], confines('rig'))).toHaveLength(1);
  }
});
