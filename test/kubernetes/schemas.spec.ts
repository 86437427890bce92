import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { ISTIO } from '../../clusters/istio/module.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import { schemaText } from '../../clusters/kubernetes/definitions.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';

const SCHEMAS = ISTIO.facts.schemas();

const object = (apiVersion: string, kind: string, spec: unknown, more: object = {}): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'x' },
  spec,
  ...more,
});

const VALID: Manifest[] = [
  object('networking.istio.io/v1', 'DestinationRule', {
    host: 'server',
    trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5, interval: '1s', outlierDetectionHttpErrorCodes: [500, 503] } },
    subsets: [{ name: 'v1', labels: { version: 'v1' } }],
  }),
  object('networking.istio.io/v1beta1', 'VirtualService', {
    hosts: ['server'],
    http: [
      {
        match: [{ headers: { 'x-canary': { exact: 'yes' } } }],
        route: [{ destination: { host: 'server', port: { number: 80 } }, weight: 90 }],
      },
    ],
  }),
  object('networking.istio.io/v1alpha3', 'EnvoyFilter', {
    configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { any: { thing: null, '@type': 'x' } } } }],
  }),
  object('networking.istio.io/v1', 'Gateway', { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] }),
  object('networking.istio.io/v1', 'ServiceEntry', { hosts: ['a.test'], resolution: 'STATIC', endpoints: [{ address: '10.0.0.1' }] }),
  object('networking.istio.io/v1', 'WorkloadEntry', { address: '10.0.0.1', labels: { app: 'a' } }),
  object('networking.istio.io/v1', 'Sidecar', { egress: [{ hosts: ['./*'] }] }),
  object('security.istio.io/v1', 'PeerAuthentication', {
    selector: { matchLabels: { app: 'a' } },
    mtls: { mode: 'STRICT' },
    portLevelMtls: { '8080': { mode: 'DISABLE' } },
  }),
  object('security.istio.io/v1', 'AuthorizationPolicy', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }),
  object('security.istio.io/v1beta1', 'RequestAuthentication', { jwtRules: [{ issuer: 'a', jwks: '{}' }] }),
  object('telemetry.istio.io/v1', 'Telemetry', { tracing: [{ randomSamplingPercentage: 100 }] }),
  object('extensions.istio.io/v1alpha1', 'WasmPlugin', { url: 'oci://a', pluginConfig: { free: 1 } }),
  object('networking.istio.io/v1beta1', 'ProxyConfig', { concurrency: 1 }),
  object('v1', 'Service', { ports: [{ port: 80 }] }),
  object('apps/v1', 'Deployment', {}),
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', labels: { a: 'b' } }, data: { a: 'b' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: 'b' }, type: 'Opaque' },
];

test('Accepts valid manifests of every kind', () => {
  validateManifests(VALID, 'a.yaml', SCHEMAS);
});

const rule = (trafficPolicy: unknown): Manifest => object('networking.istio.io/v1', 'DestinationRule', { host: 'server', trafficPolicy });
const AT = 'spec.trafficPolicy';

const BROKEN: [string, Manifest, string][] = [
  [
    'a misspelt field',
    rule({ outlierDetection: { intervall: '1s' } }),
    `${AT}.outlierDetection.intervall does not exist; did you mean interval?`,
  ],
  [
    'a misspelt field in a list',
    object('networking.istio.io/v1', 'DestinationRule', { host: 'a', subsets: [{ nane: 'v1', name: 'v1' }] }),
    'spec.subsets[0].nane does not exist; did you mean name?',
  ],
  ['a field that resembles no other', rule({ xyzzy: 1 }), `${AT}.xyzzy does not exist; the fields are `],
  [
    'a field at the top level',
    object('networking.istio.io/v1', 'DestinationRule', { host: 'a' }, { sepc: {} }),
    'sepc does not exist; did you mean spec?',
  ],
  ['a field of the metadata', { ...rule({}), metadata: { name: 'x', lables: {} } }, 'metadata.lables does not exist; did you mean labels?'],
  [
    'an unknown enum value',
    rule({ loadBalancer: { simple: 'ROUNDROBIN' } }),
    `${AT}.loadBalancer.simple is "ROUNDROBIN", which is not one of UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST; did you mean ROUND_ROBIN?`,
  ],
  [
    'a wrong type',
    rule({ outlierDetection: { maxEjectionPercent: '100' } }),
    `${AT}.outlierDetection.maxEjectionPercent is "100", but must be of type integer`,
  ],
  ['a missing field', object('networking.istio.io/v1', 'DestinationRule', {}), 'spec lacks host'],
  [
    'fields that exclude each other',
    rule({ loadBalancer: { simple: 'RANDOM', consistentHash: { useSourceIp: true } } }),
    `${AT}.loadBalancer sets simple, consistentHash: they exclude each other`,
  ],
  ['a null', rule(null), `${AT} is null, which the API server drops`],
  [
    'a number out of range',
    object('networking.istio.io/v1', 'ServiceEntry', { hosts: ['a'], ports: [{ number: -1, name: 'a' }] }),
    'spec.ports[0].number is -1, which violates its minimum',
  ],
  ['a status', { ...rule({}), status: {} }, 'status is for the cluster to write'],
  [
    'a misspelt kind',
    object('networking.istio.io/v1', 'VirtualServce', {}),
    'there is no kind VirtualServce in networking.istio.io/v1; did you mean VirtualService?',
  ],
  [
    'a version without the kind',
    object('networking.istio.io/v1', 'EnvoyFilter', {}),
    'there is no EnvoyFilter in networking.istio.io/v1; it is in networking.istio.io/v1alpha3',
  ],
  ['a misspelt group', object('networking.istoi.io/v1', 'Gateway', {}), 'there is no Gateway in networking.istoi.io/v1; it is in '],
  [
    'an unknown group',
    object('networkin.istio.io/v1', 'Foo', {}),
    'the group networkin.istio.io is unknown; did you mean networking.istio.io?',
  ],
  ['an unknown field of a core object', object('v1', 'Service', {}, { sepc: {} }), 'sepc does not exist; did you mean spec?'],
  [
    'a spec instead of data',
    object('v1', 'ConfigMap', {}),
    'spec does not exist; the fields are apiVersion, kind, metadata, data, binaryData, immutable',
  ],
  [
    'a label that is not a string',
    { ...object('v1', 'Service', {}), metadata: { name: 'x', labels: JSON.parse('{"version": 1}') } },
    'metadata.labels.version must be a string; quote it',
  ],
];
for (const [what, manifest, message] of BROKEN) {
  test(`Rejects ${what}`, () => {
    const expected = {
      code: 'MANIFEST_INVALID',
      exitCode: 2,
      message: expect.stringContaining(`a.yaml: document 2, ${manifest.kind} x: ${message}`),
    };
    expect(() => validateManifests([object('v1', 'Service', {}), manifest], 'a.yaml', SCHEMAS)).toThrow(expect.objectContaining(expected));
  });
}

test('Reports each problem on its own line', () => {
  const broken = rule({ outlierDetection: { intervall: '1s' }, loadBalancer: { simple: 'X' } });
  const lines = (): string[] => {
    try {
      validateManifests([broken, object('security.istio.io/v1', 'PeerAuthentication', { mtls: { mode: 'STRICKT' } })], 'a.yaml', SCHEMAS);
    } catch (error) {
      return error instanceof Error ? error.message.split('\n') : [];
    }
    return [];
  };
  expect(lines()).toHaveLength(3);
});

test('Compiles every kind of the definitions, and accepts the fields that all objects have', () => {
  const versions = [...SCHEMAS.kinds].flatMap(([kind, apiVersions]) => apiVersions.map((apiVersion) => [apiVersion, kind] as const));
  expect(versions.length).toBeGreaterThanOrEqual(33);
  for (const [apiVersion, kind] of versions) {
    const act = (): void =>
      validateManifests(
        [{ apiVersion, kind, metadata: { name: 'x', namespace: 'n', labels: {}, annotations: {} }, oops: 1 }],
        'a.yaml',
        SCHEMAS,
      );
    expect(act, `${apiVersion} ${kind}`).toThrow('oops does not exist');
    expect(act, `${apiVersion} ${kind}`).not.toThrow(/metadata\.|labels/);
  }
});

for (const version of ISTIO.versions) {
  test(`Matches the schemas of ${version} to its pinned module; npm run schemas writes them`, async () => {
    const { module } = istioVersion(version);
    const [, revision = ''] = /istio\.io\/istio (v\S+)/.exec(await readFile(join(module.folder, 'go.mod'), 'utf8')) ?? [];
    const cache = process.env['GOMODCACHE'] ?? join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'pkg/mod');
    test.skip(!existsSync(join(cache, `istio.io/istio@${revision}`)), 'the module is not in the cache of Go');
    expect(await readFile(ISTIO.facts.schemas(version).file, 'utf8')).toBe(schemaText(await ISTIO.definitions(version, {})));
  });
}
