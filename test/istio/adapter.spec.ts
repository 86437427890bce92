import { expect, test } from '@playwright/test';

import type { ClusterAccess, PodObject } from '../../clusters/mesh/access.ts';
import { istio } from '../../clusters/istio/adapter.ts';
import { Istiod } from '../../clusters/istio/istiod.ts';
import { untilIstiodHasSeen } from '../../clusters/istio/convergence/store.ts';
import { ApiRefusal } from '../../clusters/kubernetes/api-error.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { usualInjector } from './injectors.ts';
import { SimulatedMesh } from './simulated-mesh.ts';

const POLICY: Manifest = {
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'deny', namespace: 'rig', resourceVersion: '100' },
};

function pod(namespace: string, name: string, image = 'example.test/proxyv2:1'): PodObject {
  return {
    metadata: { namespace, name, uid: name },
    spec: { containers: [{ name: 'istio-proxy', image }] },
    status: { phase: 'Running' },
  };
}

/** An access whose pages are given by `<pod> <path>`; a page is a text, or an error to throw. */
function pages(pods: PodObject[], texts: Record<string, string | Error>): ClusterAccess {
  return {
    apply: async () => {},
    get: async () => undefined,
    list: async <T extends Manifest>() => [usualInjector() as unknown as T],
    pods: async (namespace) => pods.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    logs: async () => 'a line\n',
    logsSince: async () => '',
    connection: () => {
      throw new Error('nothing connects');
    },
    fetchText: async ({ name }, _port, path) => {
      const text = texts[`${name} ${path}`] ?? new Error('connection refused');
      if (text instanceof Error) throw text;
      return text;
    },
  };
}

function stored(resourceVersion: string): string {
  return JSON.stringify([{ ...POLICY, apiVersion: 'security.istio.io/v1', metadata: { ...POLICY.metadata, resourceVersion } }]);
}

test('Uses a SPIFFE ID in the trust domain as peer identity', () => {
  const mesh = istio({ access: pages([], {}) });
  const identity = mesh.identity('shop', 'cart', { trustDomain: 'mesh.test' });
  expect(identity).toBe('spiffe://mesh.test/ns/shop/sa/cart');
  const forged = mesh.identityHeaders(identity)['x-forwarded-client-cert'];
  expect(forged).toMatch(/^By=spiffe:\/\/mesh\.test\/ns\/default\/sa\/default;.*;URI=spiffe:\/\/mesh\.test\/ns\/shop\/sa\/cart$/);
});

test('Treats objects in the root namespace as mesh-wide', async () => {
  const policy = (namespace: string) => ({ ...POLICY, metadata: { name: 'deny', namespace } });
  const { facts } = istio({ access: pages([], {}) });
  expect(facts.isMeshWide(policy('mesh-config'), { rootNamespace: 'mesh-config' })).toBe(true);
  expect(facts.isMeshWide(policy('istio-system'), { rootNamespace: 'mesh-config' })).toBe(false);
});

test('Reads the versions of istiod and of one running proxy for each image', async () => {
  const proxies = [pod('a', 'old', 'proxyv2:1'), pod('a', 'new', 'proxyv2:2'), pod('b', 'new-too', 'proxyv2:2')];
  const access = pages([pod('istio-system', 'istiod-1'), ...proxies], {
    'istiod-1 /debug/mesh': '{}',
    'istiod-1 /version': '1.31-eed52ebb66ad-eed52ebb66ad-Clean',
    'old /server_info': JSON.stringify({ version: 'c0ffee/1.39.1/Clean/RELEASE/BoringSSL' }),
    'new-too /server_info': JSON.stringify({ version: 'c0ffee/1.40.0/Clean/RELEASE/BoringSSL' }),
    'istiod-1 /server_info': JSON.stringify({ version: 'c0ffee/1.40.0/Clean/RELEASE/BoringSSL' }),
  });
  expect(await istio({ access }).versions()).toEqual({ controlPlane: ['1.31-eed52ebb66ad'], proxies: ['1.39.1', '1.40.0'] });
});

test('Requires every istiod to have an object, in whatever API version it lists it', async () => {
  const texts: Record<string, string> = { 'istiod-1 /debug/configz': stored('100'), 'istiod-2 /debug/configz': stored('99') };
  const access = pages([pod('istio-system', 'istiod-1'), pod('istio-system', 'istiod-2')], texts);
  const options = { objects: [POLICY], after: 'applied', namespace: 'rig', timeoutMs: 30, everyMs: 5 } as const;
  const istiod = new Istiod(access, { namespace: 'istio-system' });
  await expect(untilIstiodHasSeen(access, istiod, options)).rejects.toMatchObject({ code: 'TIMED_OUT' });
  texts['istiod-2 /debug/configz'] = stored('1000');
  await untilIstiodHasSeen(access, istiod, options);
});

test('Finds a Service in the registry, and does not wait for kinds that istiod does not store', async () => {
  const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server', resourceVersion: '7' } };
  const foreign: Manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'server', namespace: 'rig' } };
  const registered = { ResourceVersion: '7', Attributes: { ServiceRegistry: 'Kubernetes', Name: 'server', Namespace: 'rig' } };
  const external = { ResourceVersion: '9', Attributes: { ServiceRegistry: 'External', Name: 'server', Namespace: 'rig' } };
  const texts: Record<string, string> = { 'istiod-1 /debug/registryz': JSON.stringify([external]) };
  const access = pages([pod('istio-system', 'istiod-1')], texts);
  const options = { objects: [service, foreign], after: 'applied', namespace: 'rig', timeoutMs: 30, everyMs: 5 } as const;
  const istiod = new Istiod(access, { namespace: 'istio-system' });
  await expect(untilIstiodHasSeen(access, istiod, options)).rejects.toThrow(/Service rig\/server/);
  texts['istiod-1 /debug/registryz'] = JSON.stringify([external, registered]);
  await untilIstiodHasSeen(access, istiod, options);
});

test('Stops waiting for an istiod that may not be queried, but not for one that does not respond', async () => {
  const options = { objects: [POLICY], after: 'applied', namespace: 'rig', timeoutMs: 60_000, everyMs: 5 } as const;
  const forbidden = pages([pod('istio-system', 'istiod-1')], { 'istiod-1 /debug/configz': new ApiRefusal('no', 403, 'Forbidden') });
  await expect(untilIstiodHasSeen(forbidden, new Istiod(forbidden, { namespace: 'istio-system' }), options)).rejects.toMatchObject({
    code: 'ISTIOD_FORBIDDEN',
    hint: expect.stringContaining('port-forward'),
  });
  const restarting = pages([pod('istio-system', 'istiod-1')], {});
  let asked = 0;
  const fetchText = restarting.fetchText.bind(restarting);
  restarting.fetchText = async (...args) => (++asked < 3 ? await fetchText(...args) : stored('100'));
  await untilIstiodHasSeen(restarting, new Istiod(restarting, { namespace: 'istio-system' }), options);
  expect(asked).toBe(3);
});

test('Reads an access log on each call, and its formats once', async () => {
  const source = { text_format_source: { inline_string: '%REQ(X-REQUEST-ID)% %RESPONSE_CODE%\n' } };
  const asked: string[] = [];
  const standing = pages([], { 'server /config_dump?resource=dynamic_listeners': JSON.stringify({ log_format: source }) });
  let text = '';
  const access: ClusterAccess = {
    ...standing,
    fetchText: async (...about) => {
      asked.push(about[2]);
      return await standing.fetchText(...about);
    },
    logsSince: async () => text,
  };
  const read = await istio({ access }).accessLog({ namespace: 'rig', name: 'server' }, new Date());
  expect(await read()).toEqual([]);
  text = 'one 200\n';
  expect(await read()).toEqual([{ id: 'one', status: 200, text: 'one 200' }]);
  expect(asked).toEqual(['/config_dump?resource=dynamic_listeners']);
});

test('Serializes two convergences of one namespace', async () => {
  const mesh = new SimulatedMesh(8, 'rig', 2);
  mesh.haste = 60;
  const objects = ['one', 'two'].map((name) => ({ ...POLICY, metadata: { name, namespace: 'rig' } }));
  for (const object of objects) mesh.write(object);
  const adapter = istio({ access: mesh });
  const [first, second] = await Promise.all(
    objects.map(async (object) => await adapter.converge({ objects: [object], after: 'applied', namespace: 'rig', timeoutMs: 20_000 })),
  );
  expect(second?.stages['acknowledged']).toBeGreaterThan(first?.enforcedMs ?? Infinity);
});

test('Says in the diagnostics why a page is missing', async () => {
  const access = pages([pod('istio-system', 'istiod-1'), pod('rig', 'server')], {
    'server /clusters': 'server::default\n',
    'istiod-1 /debug/mesh': '{}',
    'istiod-1 /debug/syncz': '[]',
  });
  const files = await istio({ access }).diagnostics([{ namespace: 'rig', name: 'server' }]);
  expect(files).toMatchObject({
    'server/clusters.txt': 'server::default\n',
    'server/certs.json': 'not available: connection refused\n',
    'server/proxy.log': 'a line\n',
    'istiod-1/syncz.json': '[]',
    'istiod-1/istiod.log': 'a line\n',
  });
});
