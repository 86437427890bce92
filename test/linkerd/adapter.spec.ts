import { expect, test } from '@playwright/test';

import { X509Certificate } from 'node:crypto';

import { LinkerdAdapter } from '../../clusters/linkerd/adapter.ts';
import { issuerCredentials } from '../../clusters/linkerd/certificates.ts';
import { FACTS, injects } from '../../clusters/linkerd/facts.ts';
import { installationValues } from '../../clusters/linkerd/install.ts';
import { linkerdDiagnostics } from '../../clusters/linkerd/diagnostics.ts';
import { linkerdImages, linkerdTool } from '../../clusters/linkerd/images.ts';
import { parsePreflight, parseVersions, reportedIn } from '../../clusters/linkerd/tool.ts';
import { pathOf } from '../../clusters/images/tools.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { pod, SimulatedLinkerd } from './simulated-linkerd.ts';

const ISLAND = { rig: 'rig', namespaces: new Set(['rig', 'rig-neighbour']) };
const route = (namespace: string | undefined, parent: object): Manifest => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'one', ...(namespace === undefined ? {} : { namespace }) },
  spec: { parentRefs: [parent] },
});

test('an identity is a name of the service account in the trust domain, and may be claimed in a header', () => {
  const mesh = new LinkerdAdapter({ access: new SimulatedLinkerd([]) });
  const identity = mesh.identity('shop', 'cart', { trustDomain: 'mesh.test' });
  expect(identity).toBe('cart.shop.serviceaccount.identity.linkerd.mesh.test');
  expect(mesh.identityHeaders(identity)).toEqual({ 'l5d-client-id': identity });
});

test('the settings of the mesh are those of its installation, and what is not set there has a default', async () => {
  const settingsWith = async (values: string | undefined) => {
    const access = new SimulatedLinkerd([]);
    if (values !== undefined)
      access.stored.set('ConfigMap/linkerd-config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '' }, data: { values } });
    return await new LinkerdAdapter({ access }).settings();
  };
  expect(await settingsWith(undefined)).toMatchObject({ rootNamespace: 'linkerd-egress', trustDomain: 'cluster.local' });
  expect(await settingsWith('clusterDomain: here.test\nidentityTrustDomain: ""\n')).toMatchObject({ trustDomain: 'here.test' });
  const all = 'identityTrustDomain: shop.test\negress: { globalEgressNetworkNamespace: out }\n';
  expect(await settingsWith(all)).toMatchObject({ rootNamespace: 'out', trustDomain: 'shop.test' });
});

test('how many proxies run each version is told by what the injector wrote on their pods', async () => {
  const mesh = new LinkerdAdapter({ access: new SimulatedLinkerd([pod('a'), pod('b', { namespace: 'there' })]) });
  expect([...(await mesh.proxyVersions())]).toEqual([['1', 2]]);
});

test('a namespace injects by its annotation, never by a label', () => {
  expect(injects({ annotations: { 'linkerd.io/inject': 'enabled' } })).toBe(true);
  expect(injects({ annotations: { 'linkerd.io/inject': 'disabled' } })).toBe(false);
  expect(injects({ labels: { 'linkerd.io/inject': 'enabled' } })).toBe(false);
});

test('configuration outside of the rig, or for parents there, is refused', () => {
  expect(FACTS.reachesOf([route(undefined, { name: 'server', namespace: 'rig-neighbour' })], ISLAND)).toEqual([]);
  expect(FACTS.reachesOf([route('shop', {})], ISLAND)).toEqual([expect.stringContaining('is in shop')]);
  expect(FACTS.reachesOf([route(undefined, { namespace: 'shop' })], ISLAND)).toEqual([expect.stringContaining('has a parent in shop')]);
  const gatewayClass: Manifest = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'one' } };
  expect(FACTS.reachesOf([gatewayClass], ISLAND)).toHaveLength(1);
});

test('the issuer is signed by the anchor, both of a curve that the identity service takes, and valid for longer than a run', async () => {
  const { trustAnchor, certificate, key } = await issuerCredentials('mesh.test');
  const [anchor, issuer] = [new X509Certificate(trustAnchor), new X509Certificate(certificate)];
  expect(issuer.checkIssued(anchor) && issuer.verify(anchor.publicKey)).toBe(true);
  expect([anchor.ca, issuer.ca, issuer.subject, issuer.publicKey.asymmetricKeyDetails?.namedCurve]).toEqual([
    true,
    true,
    'CN=identity.linkerd.mesh.test',
    'prime256v1',
  ]);
  expect(Date.parse(issuer.validTo) - Date.now()).toBeGreaterThan(90 * 24 * 3_600_000);
  expect(key).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
});

test('an installation sends no heartbeat, and its proxies log what they are given', async () => {
  const values = await installationValues();
  expect(values).toMatchObject({ disableHeartBeat: true, proxy: { logLevel: expect.stringContaining('policy::api=debug') } });
  expect(await installationValues({ highAvailability: true })).not.toHaveProperty('controllerReplicas');
});

test('every image is of the version that the command must have, and none can be built', () => {
  expect(linkerdImages().every(({ recipe, upstream, part }) => recipe === undefined && upstream !== undefined && part === 'mesh')).toBe(
    true,
  );
  expect(linkerdTool().fits.test('edge-26.8.3')).toBe(true);
  expect(linkerdTool().fits.test('edge-26.8.30')).toBe(false);
  expect(() => linkerdImages('edge-1.2.3')).toThrow(/meshproof cannot install Linkerd edge-1\.2\.3/);
});

test('where the command is not to be had, one sentence says which one is missing, and the hint where it is', async () => {
  const tool = { ...linkerdTool(), name: 'meshproof-no-such-program' };
  await expect(pathOf(tool, {})).rejects.toMatchObject({
    code: 'TOOL_UNAVAILABLE',
    exitCode: 2,
    message: expect.stringMatching(/version edge-26\.8\.3 of the command \S+ is needed, and no package registry provides it$/),
    hint: expect.stringMatching(/on PATH, or into the folder of --images=FOLDER: https:\/\/linkerd\.io\//),
  });
});

test('what the command says of versions is read, with how many proxies run each', () => {
  const text =
    'Client version: edge-26.8.3\nServer version: edge-26.8.3\nProxy versions:\n\tedge-26.8.3 (7 pods)\n\tedge-26.7.1 (1 pods)\n';
  const { client, server, proxies } = parseVersions(text);
  expect([client, server, ...proxies]).toEqual(['edge-26.8.3', 'edge-26.8.3', ['edge-26.8.3', 7], ['edge-26.7.1', 1]]);
});

test('proxies that are counted by version are known by name where the tags of their images are those', () => {
  const tagged = [
    { pod: 'rig/one', version: 'edge-1' },
    { pod: 'rig/late', version: 'edge-0' },
  ];
  const counted = (...proxies: [string, number][]) => reportedIn({ proxies: new Map(proxies), tagged });
  expect(counted(['edge-0', 1], ['edge-1', 1])).toEqual(tagged);
  expect(counted(['edge-1', 2])).toEqual(Array.from({ length: 2 }, () => ({ pod: 'one of 2 pods', version: 'edge-1' })));
});

test('a preflight complains of what failed, and one that failed without naming anything is the command’s own failure', () => {
  const checks = [
    { description: 'can create Namespaces', result: 'success' },
    { description: 'can create ClusterRoles', error: 'not authorized', result: 'error' },
    { description: 'cli is up-to-date', error: 'no network', result: 'warning' },
  ];
  const stdout = JSON.stringify({ success: false, categories: [{ checks }] });
  expect(parsePreflight({ exitCode: 1, stdout, stderr: '' })).toEqual(['can create ClusterRoles: not authorized']);
  expect(parsePreflight({ exitCode: 0, stdout: '{"success":true}', stderr: '' })).toEqual([]);
  expect(() => parsePreflight({ exitCode: 1, stdout: '', stderr: 'unknown flag' })).toThrow(/named nothing: unknown flag/);
});

test('diagnostics say of each source that cannot be read why', async () => {
  const files = await linkerdDiagnostics(new SimulatedLinkerd([]), 'linkerd', [{ namespace: 'rig', name: 'caller' }]);
  expect(files).toEqual({ 'caller/metrics.txt': 'not available: connection refused\n', 'caller/proxy.log': '' });
});
