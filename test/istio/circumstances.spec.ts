import { expect, test } from '@playwright/test';

import { circumstancesOf } from '../../clusters/istio/circumstances/circumstances.ts';
import type { Assumption } from '../../clusters/mesh/assumptions.ts';
import { added, mtls, NEIGHBOUR, object, policy, RIG, ROOT, standing, type Given } from './standing.ts';

const ALL: Assumption[] = [
  'plaintext',
  'mutual-tls',
  'open-mesh',
  'own-policies',
  'log-fields',
  'quiet-logs',
  'default-metrics',
  'unlisted-hosts',
  'paths-as-sent',
  'default-retries',
  'token-keys',
  'fresh-keys',
  'daily-certificates',
  'cluster-names',
  'mirrored-host',
];

test('Adds nothing and finds no obstacle on a mesh with default settings', () => {
  expect(added({}, ALL)).toEqual([]);
  expect(added({ config: { outboundTrafficPolicy: { mode: 'ALLOW_ANY' }, pathNormalization: { normalization: 'BASE' } } }, ALL)).toEqual(
    [],
  );
  expect(added({ config: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } }, [])).toEqual([]);
});

const PERMISSIVE = [`PeerAuthentication ${RIG}/meshproof-permissive`, `PeerAuthentication ${NEIGHBOUR}/meshproof-permissive`];
const ALLOW = [`AuthorizationPolicy ${RIG}/meshproof-allow`, `AuthorizationPolicy ${NEIGHBOUR}/meshproof-allow`];
const REACH = [`Sidecar ${RIG}/meshproof-reach`, `Sidecar ${NEIGHBOUR}/meshproof-reach`];
const UNRULED = [`DestinationRule ${RIG}/meshproof-unruled`, `DestinationRule ${NEIGHBOUR}/meshproof-unruled`];
const TELEMETRY = [`Telemetry ${RIG}/meshproof-telemetry`, `Telemetry ${NEIGHBOUR}/meshproof-telemetry`];

const UNDONE: [what: string, given: Given, assumes: Assumption[], remedies: string[]][] = [
  ['an outbound policy that istiod omits the mode of', { config: { outboundTrafficPolicy: {} } }, ['unlisted-hosts'], REACH],
  ['mesh-wide STRICT, for a check with unmeshed callers', { objects: [mtls('STRICT')] }, ['plaintext'], PERMISSIVE],
  ['mesh-wide STRICT, for a check without unmeshed callers', { objects: [mtls('STRICT')] }, ['mutual-tls'], []],
  ['mesh-wide DISABLE', { objects: [mtls('DISABLE')] }, ['mutual-tls'], PERMISSIVE],
  [
    'an older PERMISSIVE, which is the only one that applies',
    { objects: [mtls('STRICT'), mtls('PERMISSIVE', { name: 'a', age: '2025-01-01T00:00:00Z' })] },
    ['plaintext'],
    [],
  ],
  [
    'STRICT for a workload in the root namespace',
    { objects: [object('PeerAuthentication', { selector: { matchLabels: { app: 'x' } }, mtls: { mode: 'STRICT' } })] },
    ['plaintext'],
    [],
  ],
  ['a policy that allows nothing', { objects: [policy({})] }, ['own-policies'], ALLOW],
  ['a policy that allows something', { objects: [policy({ rules: [{}] })] }, [], ALLOW],
  ['a policy for a workload of others', { objects: [policy({ selector: { matchLabels: { app: 'till' } } })] }, ['own-policies'], []],
  ['a policy for a gateway', { objects: [policy({ targetRefs: [{ kind: 'Gateway', name: 'in' }] })] }, ['own-policies'], []],
  [
    'a DENY for the namespaces of others',
    { objects: [policy({ action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] })] },
    [],
    [],
  ],
  [
    'a DENY on a port that no sample calls',
    { objects: [policy({ action: 'DENY', rules: [{ to: [{ operation: { ports: ['15021'] } }] }] })] },
    [],
    [],
  ],
  ['an AUDIT', { objects: [policy({ action: 'AUDIT', rules: [{}] })] }, ['own-policies'], []],
  ['a Sidecar that hides namespaces', { objects: [object('Sidecar', { egress: [{ hosts: ['./*', `${ROOT}/*`] }] })] }, [], REACH],
  ['a Sidecar that hides none', { objects: [object('Sidecar', { egress: [{ hosts: ['*/*'] }] })] }, [], []],
  ['a Sidecar without egress', { objects: [object('Sidecar', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })] }, [], []],
  ['a route for every host', { objects: [object('VirtualService', { hosts: ['*'] }, { namespace: 'shop' })] }, [], REACH],
  [
    'a route for every host of a gateway',
    { objects: [object('VirtualService', { hosts: ['*'], gateways: ['shop/in'] }, { namespace: 'shop' })] },
    [],
    [],
  ],
  [
    'a route for a host of others',
    { objects: [object('VirtualService', { hosts: ['till.shop.svc.cluster.local'] }, { namespace: 'shop' })] },
    [],
    [],
  ],
  ['a rule for every Service', { objects: [object('DestinationRule', { host: '*.local' })] }, [], UNRULED],
  ['a rule for a Service of others', { objects: [object('DestinationRule', { host: 'till.shop.svc.cluster.local' })] }, [], []],
  ['a rule of the root namespace for itself', { objects: [object('DestinationRule', { host: '*', exportTo: ['.'] })] }, [], []],
  ['access logs', { config: { accessLogFile: '/dev/stdout' } }, ['quiet-logs'], TELEMETRY],
  ['access logs, for a check that permits them', { config: { accessLogFile: '/dev/stdout' } }, [], []],
  [
    'access logs by a Telemetry resource',
    { objects: [object('Telemetry', { accessLogging: [{ providers: [{ name: 'otel' }] }] })] },
    ['quiet-logs'],
    TELEMETRY,
  ],
  ['JSON', { config: { accessLogEncoding: 'JSON' } }, ['log-fields'], []],
  ['traces, which change request IDs', { config: { defaultProviders: { tracing: ['jaeger'] } } }, ['log-fields'], TELEMETRY],
  [
    'configuration of other namespaces',
    { objects: [mtls('STRICT', { namespace: 'shop' }), policy({}, { namespace: 'shop' })] },
    ['plaintext'],
    [],
  ],
];

for (const [what, given, assumes, remedies] of UNDONE) {
  test(`Overrides in the rig's namespaces, if necessary: ${what}`, () => {
    expect(added(given, assumes)).toEqual(remedies);
  });
}

test('Keeps what a check configures itself, and overrides the rest', () => {
  const strict = mtls('STRICT', { namespace: RIG, name: 'own' });
  expect(added({ objects: [mtls('STRICT')] }, ['plaintext'], [strict])).toEqual([`PeerAuthentication ${NEIGHBOUR}/meshproof-permissive`]);
  const workload = object(
    'PeerAuthentication',
    { selector: { matchLabels: { app: 'server' } }, mtls: { mode: 'STRICT' } },
    { namespace: RIG },
  );
  expect(added({ objects: [mtls('STRICT')] }, ['plaintext'], [workload])).toEqual(PERMISSIVE);

  const denyAll = policy({}, { namespace: RIG, name: 'own' });
  expect(added({ objects: [policy({})] }, [], [denyAll])).toEqual([`AuthorizationPolicy ${NEIGHBOUR}/meshproof-allow`]);
  const forServer = policy({ selector: { matchLabels: { app: 'server' } }, rules: [{}] }, { namespace: RIG, name: 'own' });
  expect(added({ objects: [policy({})] }, [], [forServer])).toEqual([
    ...['caller', 'other', 'mirror'].map((app) => `AuthorizationPolicy ${RIG}/meshproof-allow-${app}`),
    `AuthorizationPolicy ${NEIGHBOUR}/meshproof-allow`,
  ]);
  const deny = policy({ action: 'DENY', rules: [{}] }, { namespace: RIG, name: 'own' });
  expect(added({ objects: [policy({})] }, [], [deny])).toEqual(ALLOW);

  const sidecar = object('Sidecar', { egress: [{ hosts: ['./*'] }] }, { namespace: RIG });
  const hiding = { objects: [object('Sidecar', { egress: [{ hosts: ['./*'] }] })] };
  expect(added(hiding, [], [sidecar])).toEqual([`Sidecar ${NEIGHBOUR}/meshproof-reach`]);
});

test('Includes a namespace without injection in which a check has a workload', () => {
  const workload = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'by-hand', namespace: 'rig-unmeshed' }, spec: {} };
  const hiding = { objects: [object('Sidecar', { egress: [{ hosts: ['./*'] }] })] };
  expect(added(hiding, [], [workload])).toEqual([...REACH, 'Sidecar rig-unmeshed/meshproof-reach']);
});

test('Includes the namespaces that a check creates', () => {
  const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'rig-later' } };
  const hiding = { objects: [object('Sidecar', { egress: [{ hosts: ['./*'] }] })] };
  const { settle } = circumstancesOf(standing(hiding), [], RIG);
  const sidecars = settle([made]).filter(({ kind }) => kind === 'Sidecar');
  expect(sidecars.map(({ metadata }) => metadata.namespace)).toEqual([RIG, NEIGHBOUR, 'rig-later']);
  for (const { spec } of sidecars) {
    expect(spec).toMatchObject({ egress: [{ hosts: ['rig/*', 'rig-neighbour/*', 'rig-unmeshed/*', 'rig-later/*'] }] });
  }
});

test("Merges overrides into the check's own Telemetry resource, because only one applies in a namespace", () => {
  const own = object('Telemetry', { accessLogging: [{ providers: [{ name: 'envoy' }] }] }, { namespace: RIG, name: 'access-logging' });
  const given = { config: { accessLogFile: '/dev/stdout', defaultProviders: { tracing: ['jaeger'] } } };
  const { settle } = circumstancesOf(standing(given), ['log-fields', 'quiet-logs'], RIG);
  const [inRig, inNeighbour, ...more] = settle([own]);
  expect(more).toEqual([]);
  expect(inRig).toMatchObject({
    metadata: { name: 'access-logging' },
    spec: { accessLogging: [{ providers: [{ name: 'envoy' }] }], tracing: [{ randomSamplingPercentage: 0 }] },
  });
  expect(inNeighbour).toMatchObject({
    metadata: { namespace: NEIGHBOUR },
    spec: { accessLogging: [{ disabled: true }], tracing: [{ randomSamplingPercentage: 0 }] },
  });
});

test('Names filters of others, whose effect is unknown', () => {
  const objects = [
    object('EnvoyFilter', {}, { name: 'lua' }),
    object('WasmPlugin', {}, { name: 'waf', namespace: RIG }),
    object('EnvoyFilter', {}, { namespace: 'shop' }),
  ];
  expect(circumstancesOf(standing({ objects }), [], RIG).opaque).toEqual([`EnvoyFilter lua in ${ROOT}`, `WasmPlugin waf in ${RIG}`]);
});

test('Adds nothing when overrides are applied twice', () => {
  const given: Given = {
    objects: [mtls('STRICT'), policy({}), object('Sidecar', { egress: [{ hosts: ['./*'] }] }), object('DestinationRule', { host: '*' })],
    config: { accessLogFile: '/dev/stdout' },
  };
  const { settle } = circumstancesOf(standing(given), ['plaintext', 'quiet-logs'], RIG);
  const once = settle([]);
  expect(settle(once)).toEqual(once);
});
