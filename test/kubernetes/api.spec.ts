import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { expect, test } from './on-stand-in.ts';
import type { StandInApi, StandInObject } from './stand-in-api.ts';

const configMap = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' } });
/** An object as returned by a read. */
const read = (object: Manifest): LiveObject => ({
  ...object,
  metadata: { ...object.metadata, uid: 'uid-1', resourceVersion: '1', creationTimestamp: '' },
});
const pathOf = (name: string, namespace = 'shop'): string => `/api/v1/namespaces/${namespace}/configmaps/${name}`;
const writes = (server: StandInApi): string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

test('Applies with forced, strict server-side apply in the given namespace', async ({ api, server }) => {
  const [stored] = await api.apply([configMap('one')], { namespace: 'shop' });
  const sent = server.requests.find(({ method }) => method === 'PATCH');
  expect(sent?.path).toBe(pathOf('one'));
  expect(sent?.contentType).toBe('application/apply-patch+yaml');
  expect(Object.fromEntries(sent?.query ?? [])).toEqual({ fieldManager: 'meshproof', force: 'true', fieldValidation: 'Strict' });
  expect(sent?.body).toMatchObject({ metadata: { name: 'one', namespace: 'shop' }, data: { a: '1' } });
  expect(stored?.metadata.uid).toMatch(/^uid-/);
});

test('Requests a dry run, so that the server changes nothing', async ({ api, server }) => {
  await api.apply([configMap('one')], { namespace: 'shop', dryRun: true });
  expect(server.requests.at(-1)?.query.get('dryRun')).toBe('All');
  const two = { ...configMap('two'), metadata: { name: 'two', namespace: 'shop' } };
  await api.create(two, undefined, true);
  expect(server.requests.at(-1)?.query.get('dryRun')).toBe('All');
  await api.create({ ...two, metadata: { ...two.metadata, name: 'three' } });
  expect(server.requests.at(-1)?.query.has('dryRun')).toBe(false);
});

test('Requests only the metadata of long lists', async ({ api, server }) => {
  await api.list('v1', 'ConfigMap', { namespace: 'shop' });
  expect(server.requests.at(-1)?.accept).toBe('application/json');
  await api.list('v1', 'ConfigMap', { namespace: 'shop', metadataOnly: true });
  expect(server.requests.at(-1)?.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;/);
});

test("Keeps an object's own namespace, and rejects an object without any", async ({ api, server }) => {
  await api.apply([{ ...configMap('one'), metadata: { name: 'one', namespace: 'own' } }], { namespace: 'shop' });
  expect(server.objects.has(pathOf('one', 'own'))).toBe(true);
  await expect(api.apply([configMap('two')])).rejects.toMatchObject({ code: 'NAMESPACE_MISSING' });
});

test('Creates namespaces and CRDs, and waits for them, before what needs them', async ({ api, server }) => {
  const crd: Manifest = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.dev' },
    spec: { group: 'test.dev', names: { kind: 'Widget' }, versions: [{ name: 'v1', served: true }] },
  };
  let looks = 0;
  server.intercept = ({ method, path }) => {
    if (method !== 'GET' || !path.endsWith('/widgets.test.dev')) return undefined;
    if (++looks === 2) server.kinds.set('test.dev/v1', [{ name: 'widgets', kind: 'Widget', namespaced: true }]);
    return { status: 200, body: { ...crd, status: { conditions: [{ type: 'Established', status: 'True' }] } } };
  };
  const widget = { apiVersion: 'test.dev/v1', kind: 'Widget', metadata: { name: 'w' } };
  const stored = await api.apply([widget, configMap('one'), crd, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }], {
    namespace: 'shop',
  });
  const order = writes(server);
  expect(order.slice(0, 2).toSorted()).toEqual(['PATCH shop', 'PATCH widgets.test.dev']);
  expect(order.slice(2)).toEqual(['PATCH one', 'PATCH w']);
  expect(stored.map(({ kind }) => kind)).toEqual(['Widget', 'ConfigMap', 'CustomResourceDefinition', 'Namespace']);
  server.requests.length = 0;
  await api.remove([crd, widget, configMap('one')].map(read), { namespace: 'shop' });
  expect(writes(server)).toEqual(['DELETE w', 'DELETE one', 'DELETE widgets.test.dev']);
});

test("Reports a rejection in one sentence, in the server's words", async ({ api, server }) => {
  const message = 'failed to create typed patch object (shop/one; /v1, Kind=ConfigMap):\n .dat: field not declared in schema';
  server.intercept = ({ method }) =>
    method === 'PATCH' ? { status: 500, body: { kind: 'Status', message, reason: 'InternalError' } } : undefined;
  await expect(api.apply([configMap('one')], { namespace: 'shop' })).rejects.toMatchObject({
    code: 'API_REFUSED',
    status: 500,
    message:
      'applying ConfigMap shop/one was refused (500): failed to create typed patch object (shop/one; /v1, Kind=ConfigMap): .dat: field not declared in schema',
  });
});

test('Names the field of a rejected patch instead of quoting the whole object', async ({ api, server }) => {
  const message = `"" is invalid: patch: Invalid value: "${'x'.repeat(2_000)}": strict decoding error: unknown field "dat"`;
  server.intercept = ({ method }) => (method === 'PATCH' ? { status: 422, body: { kind: 'Status', message } } : undefined);
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: 'shop' };
  await expect(api.patch(ref, { dat: {} })).rejects.toThrow(
    'patching ConfigMap shop/one was refused (422): strict decoding error: unknown field "dat"',
  );
});

test('Waits for the other requests when one object is rejected', async ({ api, server }) => {
  server.intercept = ({ path }) => (path.endsWith('/bad') ? { status: 422, body: 'no' } : undefined);
  await expect(api.apply([configMap('bad'), configMap('good')], { namespace: 'shop' })).rejects.toMatchObject({ code: 'API_REFUSED' });
  expect(server.objects.has(pathOf('good'))).toBe(true);
});

test('Rejects a kind that is not served by name, and finds it once its CRD exists', async ({ api, server }) => {
  const ref = { apiVersion: 'test.dev/v1', kind: 'Widget', name: 'w', namespace: 'shop' };
  await expect(api.get(ref)).rejects.toThrow('does not serve Widget in test.dev/v1');
  expect(await api.serves(ref)).toBe(false);
  server.kinds.set('test.dev/v1', [{ name: 'widgets', kind: 'Widget', namespaced: true }]);
  expect(await api.get(ref)).toBeUndefined();
  expect(await api.serves(ref)).toBe(true);
});

test('Removes only an object that was read, by its UID, and no other one of its name', async ({ api, server }) => {
  // @ts-expect-error a name is not enough
  const byName: Parameters<typeof api.remove>[0] = [configMap('one')];
  expect(byName).toHaveLength(1);
  await api.remove([read(configMap('one'))], { namespace: 'shop' });
  expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', body: { preconditions: { uid: 'uid-1' } } });
});

test('Ignores removal of what does not exist, or whose kind is not served', async ({ api }) => {
  await api.remove([configMap('never'), { apiVersion: 'test.dev/v1', kind: 'Widget', metadata: { name: 'w' } }].map(read), {
    namespace: 'shop',
  });
});

test('Waits until a removed object is gone, and reports what prevents that', async ({ api, server }) => {
  const held: StandInObject = { ...configMap('held'), metadata: { name: 'held', finalizers: ['test.dev/guard'] } };
  server.put(pathOf('held'), held);
  const options = { namespace: 'shop', timeoutMs: 50 };
  await expect(api.remove([read(configMap('held'))], options)).rejects.toThrow('ConfigMap shop/held to be gone: finalizer test.dev/guard');
  let looks = 0;
  server.intercept = ({ method, path }) => {
    if (method === 'GET' && path === pathOf('held') && ++looks === 2) server.objects.delete(path);
    return undefined;
  };
  await api.remove([read(configMap('held'))], { namespace: 'shop' });
  expect(server.objects.has(pathOf('held'))).toBe(false);
});

test('Waits for the pods of a removed workload, because they would keep serving', async ({ api, server }) => {
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  const policies = async (objects: Parameters<typeof api.remove>[0], wait: boolean) => {
    server.requests.length = 0;
    await api.remove(objects, { namespace: 'shop', wait });
    return server.requests.filter(({ method }) => method === 'DELETE').map(({ query }) => query.get('propagationPolicy'));
  };
  expect(await policies([read(web)], true)).toEqual(['Foreground']);
  expect(await policies([read(web)], false)).toEqual(['Background']);
  expect(await policies([read(configMap('one'))], true)).toEqual(['Background']);
});

test('Treats a newer object of the same name as proof that the old one is gone', async ({ api, server }) => {
  server.put(pathOf('held'), { ...configMap('held'), metadata: { name: 'held', finalizers: ['test.dev/guard'] } });
  server.intercept = ({ method, path }) => {
    if (method === 'GET' && path === pathOf('held')) server.put(path, { ...configMap('held') });
    return undefined;
  };
  await api.remove([read(configMap('held'))], { namespace: 'shop', timeoutMs: 1_000 });
});

test('Lists page by page, and adds the kind to each item', async ({ api, server }) => {
  for (let index = 0; index < 1_100; index++) {
    server.put(pathOf(`c${index}`), { ...configMap(`c${index}`), metadata: { name: `c${index}`, labels: { a: 'b' } } });
  }
  server.put(pathOf('other'), configMap('other'));
  const found = await api.list('v1', 'ConfigMap', { namespace: 'shop', labelSelector: 'a=b' });
  expect(found).toHaveLength(1_100);
  expect(found[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(server.requests.filter(({ query }) => query.get('labelSelector') === 'a=b')).toHaveLength(3);
});

test('Keeps connections, and replaces those that the server has closed', async ({ api, server }) => {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: 'shop' };
  for (let round = 0; round < 20; round++) await api.get(ref);
  expect(server.connections).toBe(1);
  // The reset reaches the client at the earliest together with the next request.
  server.intercept = (request) => {
    server.intercept = () => undefined;
    for (const socket of server.sockets) socket.destroy();
    return request.method === 'GET' ? { status: 200, body: {} } : undefined;
  };
  expect(await api.get(ref)).toBeUndefined();
  expect(server.connections).toBe(2);
});

test('Retries when a busy server asks for it', async ({ api, server }) => {
  let refusals = 2;
  server.intercept = () => (refusals-- > 0 ? { status: 429, body: 'slow down', headers: { 'retry-after': '0' } } : undefined);
  await api.apply([configMap('one')], { namespace: 'shop' });
  expect(server.objects.has(pathOf('one'))).toBe(true);
});

test('Reports an unreachable server with its address and context', async ({ api, server }) => {
  const { address } = server;
  await server.stop();
  await expect(api.version()).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    message: expect.stringContaining(`${address} (context stand-in)`),
  });
});

/** Responses that no API server gives to any request. */
const OTHERS: readonly [string, { status: number; body: unknown; headers?: Record<string, string> }, object][] = [
  [
    'HTML',
    { status: 200, body: '<!doctype html><p>Log in' },
    { code: 'API_UNREACHABLE', message: expect.stringContaining('was answered with HTML') },
  ],
  ['nothing', { status: 200, body: '' }, { code: 'API_UNREACHABLE', message: expect.stringContaining('without JSON') }],
  [
    'an empty object',
    { status: 200, body: {} },
    { code: 'API_UNREACHABLE', message: expect.stringContaining('with an unexpected object') },
  ],
  ['null', { status: 200, body: 'null' }, { code: 'API_UNREACHABLE', message: expect.stringContaining('with an unexpected object') }],
  ['a list', { status: 200, body: '[]' }, { code: 'API_UNREACHABLE', message: expect.stringContaining('with an unexpected object') }],
  [
    'a login page elsewhere',
    { status: 302, body: '', headers: { location: 'https://sso.test/login?state=secret' } },
    {
      code: 'API_REFUSED',
      status: 302,
      message: expect.stringMatching(/was refused \(302\): it redirects to https:\/\/sso\.test\/login$/),
    },
  ],
  [
    'HTML that says no',
    { status: 403, body: '<html>Forbidden</html>' },
    { code: 'API_REFUSED', status: 403, message: expect.stringMatching(/was refused \(403\): the response is HTML$/) },
  ],
];

test('Distinguishes a response of something other than an API server from a defect', async ({ api, server }) => {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: 'shop' };
  await api.get(ref);
  const hint = expect.stringContaining('login page or a proxy');
  for (const [what, answer, said] of OTHERS) {
    server.intercept = () => answer;
    const questions = [
      api.version(),
      api.serves({ apiVersion: 'apps/v1', kind: 'Deployment' }),
      api.get(ref),
      api.list('v1', 'ConfigMap', { namespace: 'shop' }),
      api.create({ ...configMap('two'), metadata: { name: 'two', namespace: 'shop' } }),
      api.apply([configMap('two')], { namespace: 'shop' }),
    ];
    for (const question of await Promise.allSettled(questions))
      expect.soft(question, what).toMatchObject({ status: 'rejected', reason: { ...said, hint } });
  }
});
