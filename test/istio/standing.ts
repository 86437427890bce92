import { expect } from '@playwright/test';

import { circumstancesOf } from '../../clusters/istio/circumstances/circumstances.ts';
import type { Standing } from '../../clusters/istio/circumstances/standing.ts';
import type { MeshConfig, PilotEnvironment } from '../../clusters/istio/survey/mesh-config.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Assumption } from '../../clusters/mesh/assumptions.ts';

// Configuration above a rig, for tests of how it is overridden.

export const ROOT = 'mesh-config';
export const RIG = 'rig';
export const NEIGHBOUR = 'rig-neighbour';

export function object(
  kind: string,
  spec: Record<string, unknown>,
  { name = 'default', namespace = ROOT, age = '2026-01-01T00:00:00Z' } = {},
): Manifest {
  return { apiVersion: 'x.istio.io/v1', kind, metadata: { name, namespace, creationTimestamp: age }, spec };
}

export interface Given {
  objects?: Manifest[];
  config?: MeshConfig;
  environment?: PilotEnvironment;
}

export const standing = ({ objects = [], config = {}, environment = { PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: '1s' } }: Given): Standing => ({
  objects,
  config,
  environment,
  rootNamespace: ROOT,
  clusterDomain: 'cluster.local',
});

export const mtls = (mode: string, place: object = {}) => object('PeerAuthentication', { mtls: { mode } }, place);
export const policy = (spec: Record<string, unknown>, place: object = {}) => object('AuthorizationPolicy', spec, place);

/** The overrides that are added to a check's objects (default none), as `kind namespace/name`. */
export function added(given: Given, assumes: Assumption[], own: Manifest[] = []): string[] {
  const { settle, unsupported } = circumstancesOf(standing(given), assumes, RIG);
  expect(unsupported).toBeUndefined();
  const settled = settle(own);
  return settled.filter((one) => !own.includes(one)).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
}

export const why = (given: Given, ...assumes: Assumption[]) => circumstancesOf(standing(given), assumes, RIG).unsupported;
