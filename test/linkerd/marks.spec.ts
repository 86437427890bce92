import { expect, test } from '@playwright/test';

import { marked, markersOf, shows, type Marker } from '../../clusters/linkerd/convergence/marks.ts';
import { INBOUND_KINDS, inboundKinds, sentinelOf, SENTINEL_NAME, SENTINEL_PORT } from '../../clusters/linkerd/convergence/sentinel.ts';
import { showsAll } from '../../clusters/linkerd/convergence/inbound.ts';
import { schemas } from '../../clusters/linkerd/schemas.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import { OWN_PATHS as SAMPLE_PATHS, SAMPLE_PORTS } from '../../clusters/rigs/rig.ts';
import { OWN_PATHS, PORTS } from '../../fixtures/agent/protocol.ts';
import { pathsIn } from './simulated-linkerd.ts';

const object = (apiVersion: string, kind: string, spec: object): Manifest => ({ apiVersion, kind, metadata: { name: 'one' }, spec });
const route = (parent: object, apiVersion = 'policy.linkerd.io/v1beta3') =>
  object(apiVersion, 'HTTPRoute', { parentRefs: [parent], rules: [{ matches: [{ path: { value: '/api' } }] }] });

test('Uses the same paths and ports as the agent', () => {
  expect(SAMPLE_PATHS).toEqual(OWN_PATHS);
  expect(SAMPLE_PORTS).toMatchObject({ http: PORTS.http, metrics: PORTS.metrics, tcp: PORTS.tcp, ready: PORTS.ready });
  expect(Object.values(PORTS)).not.toContain(SAMPLE_PORTS.sentinel);
});

test('Adds one rule with a unique path to a route of callers, and changes nothing else', () => {
  const given = [
    route({ kind: 'Service', name: 'server', port: 9090 }),
    route({ kind: 'EgressNetwork', name: 'all', namespace: 'there', port: 80 }),
  ];
  const before = structuredClone(given);
  const [first, second] = [marked(given), marked(given)];
  expect(given).toEqual(before);
  const all = [...first, ...second].flatMap((one) => pathsIn(one).filter((path) => path !== '/api'));
  expect(new Set(all).size).toBe(4);
  expect(all.every((path) => path.startsWith(OWN_PATHS.quick))).toBe(true);
  expect(markersOf(first, 'rig').map(({ of, host, port }) => `${of} at ${host}:${port}`)).toEqual([
    'HTTPRoute rig/one at server.rig:9090',
    'HTTPRoute rig/one at 198.51.100.7:80',
  ]);
});

test("Does not mark what does not affect callers' proxies", () => {
  const others = [route({ kind: 'Server', name: 'http' }), object('v1', 'Service', { selector: {} }), object('apps/v1', 'Deployment', {})];
  expect(marked(others)).toEqual(others);
  expect(markersOf(marked([route({ kind: 'Service', name: 'server' }, 'example.test/v1')]), 'rig')).toEqual([]);
});

test("Recognises only a proxy that applies the marker's rule", () => {
  const marker: Marker = { of: '', host: 'server.rig', port: 8080, path: '/.meshproof/abc', kind: 'route' };
  expect(shows(marker, { status: 302, headers: { location: 'http://marker.meshproof.invalid/.meshproof/abc' } })).toBe(true);
  expect(shows(marker, { status: 302, headers: { location: 'http://marker.meshproof.invalid/.meshproof/old' } })).toBe(false);
  expect(shows(marker, { status: 404, headers: { 'l5d-proxy-error': 'no route' } })).toBe(false);
  const slow: Marker = { ...marker, kind: 'profile' };
  expect(shows(slow, { status: 504, headers: { 'l5d-proxy-error': 'HTTP response timeout after 50ms' } })).toBe(true);
  expect(shows(slow, { status: 204, headers: {} })).toBe(false);
});

test('Places sentinels of the applied kinds in the namespaces of their pods', () => {
  const there = { ...object('policy.linkerd.io/v1beta3', 'Server', {}), metadata: { name: 'a', namespace: 'there' } };
  const applied = [
    object('policy.linkerd.io/v1alpha1', 'MeshTLSAuthentication', {}),
    there,
    object('v1', 'Server', {}),
    route({ kind: 'Service' }),
  ];
  const kinds = inboundKinds(applied, 'rig');
  expect([...kinds].map(([place, set]) => [place, ...set])).toEqual([
    ['rig', 'MeshTLSAuthentication'],
    ['there', 'Server'],
  ]);
  const { objects, shown } = sentinelOf(
    new Set(['MeshTLSAuthentication', 'NetworkAuthentication', 'AuthorizationPolicy']),
    'rig',
    undefined,
  );
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    `Server ${SENTINEL_NAME}`,
    `MeshTLSAuthentication ${SENTINEL_NAME}`,
    `AuthorizationPolicy ${SENTINEL_NAME}-identity`,
    `NetworkAuthentication ${SENTINEL_NAME}`,
    `AuthorizationPolicy ${SENTINEL_NAME}-network`,
    `AuthorizationPolicy ${SENTINEL_NAME}`,
  ]);
  // One token for each kind, none of which contains another.
  expect(shown).toHaveLength(4);
  expect(shown.filter((one) => shown.some((other) => other !== one && other.includes(one)))).toEqual([]);
});

test('Places valid sentinels of every kind', () => {
  const { objects } = sentinelOf(new Set(INBOUND_KINDS), 'rig', undefined);
  expect(() => validateManifests(objects, 'the sentinels', schemas())).not.toThrow();
});

test("Changes a Server each time, so that a proxy's earlier log is never mistaken for the new one", () => {
  const [first] = sentinelOf(new Set(['Server']), 'rig', undefined).objects;
  const second = sentinelOf(new Set(['Server']), 'rig', first);
  expect(second.shown).not.toEqual(sentinelOf(new Set(['Server']), 'rig', undefined).shown);
  const line = (text: string, port = SENTINEL_PORT) =>
    `[ 9.1s] DEBUG ThreadId(01) watch{port=${port}}: linkerd_app_inbound::policy::api: policy=ServerPolicy { ${text} }`;
  const has = second.shown.join(' ');
  expect(showsAll([line('older'), line(has)].join('\n'), second.shown)).toBe(true);
  expect(showsAll([line(has), line('"all-unauthenticated"')].join('\n'), second.shown)).toBe(false);
  expect(showsAll(line(has, 8080), second.shown)).toBe(false);
  expect(showsAll('', second.shown)).toBe(false);
});
