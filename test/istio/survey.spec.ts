import { expect, test } from '@playwright/test';

import { istio } from '../../clusters/istio/adapter.ts';
import { MeshFinder } from '../../clusters/istio/survey/finder.ts';
import { parseDuration } from '../../clusters/istio/survey/mesh-config.ts';
import { ApiRefusal } from '../../clusters/kubernetes/api-error.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { ClusterAccess, PodObject } from '../../clusters/mesh/access.ts';
import { surveyLines } from '../../clusters/mesh/survey.ts';
import { injector, usualInjector } from './injectors.ts';

interface Cluster {
  injectors?: unknown[] | Error;
  /** MeshConfig of the istiod that it belongs to. */
  config?: object;
  objects?: Manifest[];
  istiods?: PodObject[];
}

function istiodPod(namespace: string, revision = 'default', more: Partial<PodObject['spec']['containers'][number]> = {}): PodObject {
  const labels = { app: 'istiod', 'istio.io/rev': revision };
  return {
    metadata: { namespace, name: `istiod-${revision}`, uid: revision, labels },
    spec: { containers: [{ name: 'discovery', args: ['discovery', '--domain', 'cluster.local'], ...more }] },
    status: { phase: 'Running' },
  };
}

function accessTo({
  injectors = [usualInjector()],
  config = {},
  objects = [],
  istiods = [istiodPod('istio-system')],
}: Cluster): ClusterAccess & { asked: string[] } {
  const asked: string[] = [];
  const unused = () => Promise.reject(new Error('not asked for'));
  const pages: Record<string, string> = {
    '/debug/mesh': JSON.stringify(config),
    '/debug/configz': JSON.stringify(objects),
    '/debug/syncz': JSON.stringify([{ istio_version: '1.31.0' }, { istio_version: '1.31.0' }, {}]),
    '/version': '1.31.0-0123456789ab-Clean',
  };
  return {
    asked,
    apply: unused,
    get: unused,
    logs: unused,
    logsSince: unused,
    connection: () => {
      throw new Error('not asked for');
    },
    list: async <T extends Manifest>() => {
      if (injectors instanceof Error) throw injectors;
      return injectors as T[];
    },
    pods: async (namespace, labelSelector = '') => {
      const revision = /istio\.io\/rev=(.+)/.exec(labelSelector)?.[1];
      return istiods.filter(
        ({ metadata }) => metadata.namespace === namespace && (revision === undefined || metadata.labels?.['istio.io/rev'] === revision),
      );
    },
    fetchText: async ({ name }, _port, path) => {
      asked.push(`${name} ${path}`);
      return pages[path] ?? '';
    },
  };
}

const found = (cluster: Cluster, revision?: string) => {
  const access = accessTo(cluster);
  return istio({ access, finder: new MeshFinder(access, revision) });
};

test('Finds an ordinary installation', async () => {
  expect(await found({}).settings()).toEqual({
    controlPlane: 'default',
    controlPlaneNamespace: 'istio-system',
    rootNamespace: 'istio-system',
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    injection: { label: 'istio-injection', value: 'enabled' },
    namespaces: { meshed: { labels: { 'istio-injection': 'enabled' } }, unmeshed: { labels: {} } },
  });
});

test('Finds one elsewhere, with its own names and discovery selectors', async () => {
  const settings = await found({
    injectors: [injector('stable-1', { namespace: 'mesh-system' })],
    istiods: [istiodPod('mesh-system', 'stable-1', { args: ['discovery', '--domain', 'corp.local'] })],
    config: { rootNamespace: 'mesh-config', trustDomain: 'corp.example', discoverySelectors: [{ matchLabels: { mesh: 'on' } }] },
  }).settings();
  expect(settings).toEqual({
    controlPlane: 'stable-1',
    controlPlaneNamespace: 'mesh-system',
    rootNamespace: 'mesh-config',
    trustDomain: 'corp.example',
    clusterDomain: 'corp.local',
    injection: { label: 'istio.io/rev', value: 'stable-1' },
    namespaces: { meshed: { labels: { 'istio.io/rev': 'stable-1', mesh: 'on' } }, unmeshed: { labels: { mesh: 'on' } } },
  });
});

test('Queries the istiod of the chosen revision once', async () => {
  const cluster = {
    injectors: [injector('old'), injector('new')],
    istiods: [istiodPod('istio-system', 'old'), istiodPod('istio-system', 'new')],
  };
  const access = accessTo(cluster);
  const mesh = istio({ access, finder: new MeshFinder(access, 'new') });
  await Promise.all([mesh.settings(), mesh.settings()]);
  expect(access.asked).toEqual(['istiod-new /debug/mesh']);
  await expect(found(cluster).settings()).rejects.toMatchObject({ code: 'REVISION_NOT_NAMED', exitCode: 2 });
});

test('Assumes defaults if injectors may not be listed', async () => {
  const injectors = new ApiRefusal('no', 403, 'Forbidden');
  expect(await found({ injectors }).settings()).toMatchObject({ controlPlane: 'default', injection: { label: 'istio-injection' } });
  const revised = found({ injectors, istiods: [istiodPod('istio-system', 'stable-1')] });
  expect(await revised.settings()).toMatchObject({ controlPlane: 'stable-1', injection: { label: 'istio.io/rev', value: 'stable-1' } });
  const { injectorOf } = await revised.survey();
  expect(injectorOf({ labels: { 'istio.io/rev': 'stable-1' } })).toBe('stable-1');
  expect(injectorOf({ labels: {} })).toBeUndefined();
  await expect(found({ injectors, istiods: [] }).settings()).rejects.toMatchObject({ code: 'ISTIOD_MISSING' });
});

test('Does not cache a failed query', async () => {
  const access = accessTo({});
  const list = access.list.bind(access);
  access.list = () => Promise.reject(new Error('the API server restarts'));
  const mesh = istio({ access });
  await expect(mesh.settings()).rejects.toThrow('restarts');
  access.list = list;
  expect(await mesh.settings()).toMatchObject({ controlPlane: 'default' });
});

test("Reports the mesh and its configuration for all namespaces, but not meshproof's own or other namespaces'", async () => {
  const object = (kind: string, spec: object, namespace = 'istio-system', labels = {}): Manifest => ({
    apiVersion: 'x/v1',
    kind,
    metadata: { name: 'default', namespace, labels },
    spec,
  });
  const survey = await found({
    config: {
      trustDomainAliases: ['old.example'],
      outboundTrafficPolicy: {},
      accessLogFile: '/dev/stdout',
      accessLogEncoding: 'JSON',
      pathNormalization: { normalization: 'MERGE_SLASHES' },
      defaultConfig: { drainDuration: '5s' },
      defaultProviders: { tracing: ['jaeger'] },
    },
    objects: [
      object('PeerAuthentication', { mtls: { mode: 'STRICT' } }),
      object('AuthorizationPolicy', {}),
      object('Telemetry', {}, 'istio-system', { 'meshproof.dev/owner': 'a' }),
      object('PeerAuthentication', { mtls: { mode: 'STRICT' } }, 'shop'),
    ],
  }).survey();
  expect(survey.standing).toEqual([
    'AuthorizationPolicy default in istio-system: ALLOW nothing',
    'PeerAuthentication default in istio-system: STRICT',
  ]);
  expect(survey.facts).toEqual({
    'control plane': 'istiod 1.31.0 in istio-system, revision default',
    proxies: '2 of 1.31.0, 1 of unknown',
    injection: 'istio-injection=enabled',
    'root namespace': 'istio-system',
    'trust domain': 'cluster.local (aliases: old.example)',
    'cluster domain': 'cluster.local',
    'outbound traffic': 'REGISTRY_ONLY',
    'access log': "/dev/stdout (JSON, Istio's format)",
    'path normalization': 'MERGE_SLASHES',
    'drain duration': '5s',
    'termination drain': '5s',
    tracing: 'jaeger',
    'keys of token issuers': 'every 20m0s',
  });
  expect(surveyLines(survey)).toContain('for all namespaces: PeerAuthentication default in istio-system: STRICT');
});

test("Parses durations in Go's format", () => {
  expect(['1s', '20m0s', '1h30m', '1.5s', '250ms'].map(parseDuration)).toEqual([1_000, 1_200_000, 5_400_000, 1_500, 250]);
  expect(['', '20', 'soon', '1d'].map(parseDuration)).toEqual([NaN, NaN, NaN, NaN]);
});
