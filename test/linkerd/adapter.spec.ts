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

test('Derives an identity from service account and trust domain, and the headers to claim it', () => {
  const mesh = new LinkerdAdapter({ access: new SimulatedLinkerd([]) });
  const identity = mesh.identity('shop', 'cart', { trustDomain: 'mesh.test' });
  expect(identity).toBe('cart.shop.serviceaccount.identity.linkerd.mesh.test');
  expect(mesh.identityHeaders(identity)).toEqual({ 'l5d-client-id': identity });
});

test("Reads the mesh's settings from its installation, with defaults", async () => {
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

test("Counts the proxies of each version by the injector's annotations", async () => {
  const mesh = new LinkerdAdapter({ access: new SimulatedLinkerd([pod('a'), pod('b', { namespace: 'there' })]) });
  expect([...(await mesh.proxyVersions())]).toEqual([['1', 2]]);
});

test('Injects a namespace by its annotation, never by a label', () => {
  expect(injects({ annotations: { 'linkerd.io/inject': 'enabled' } })).toBe(true);
  expect(injects({ annotations: { 'linkerd.io/inject': 'disabled' } })).toBe(false);
  expect(injects({ labels: { 'linkerd.io/inject': 'enabled' } })).toBe(false);
});

test('Rejects configuration outside the rig, or with parents there', () => {
  expect(FACTS.reachesOf([route(undefined, { name: 'server', namespace: 'rig-neighbour' })], ISLAND)).toEqual([]);
  expect(FACTS.reachesOf([route('shop', {})], ISLAND)).toEqual([expect.stringContaining('is in shop')]);
  expect(FACTS.reachesOf([route(undefined, { namespace: 'shop' })], ISLAND)).toEqual([expect.stringContaining('has a parent in shop')]);
  const gatewayClass: Manifest = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'one' } };
  expect(FACTS.reachesOf([gatewayClass], ISLAND)).toHaveLength(1);
});

test('Issues an intermediate signed by the anchor, with an accepted curve, valid for longer than a run', async () => {
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

test('Installs without a heartbeat, and makes proxies log their policies', async () => {
  const values = await installationValues();
  expect(values).toMatchObject({ disableHeartBeat: true, proxy: { logLevel: expect.stringContaining('policy::api=debug') } });
  expect(await installationValues({ highAvailability: true })).not.toHaveProperty('controllerReplicas');
});

test("Pulls every image in the command's version, and builds none", () => {
  expect(linkerdImages().every(({ recipe, upstream, part }) => recipe === undefined && upstream !== undefined && part === 'mesh')).toBe(
    true,
  );
  expect(linkerdTool().fits.test('edge-26.8.3')).toBe(true);
  expect(linkerdTool().fits.test('edge-26.8.30')).toBe(false);
  expect(() => linkerdImages('edge-1.2.3')).toThrow(/meshproof cannot install version edge-1\.2\.3 of linkerd/);
});

test('Says which command is missing and where to get it', async () => {
  const tool = { ...linkerdTool(), name: 'meshproof-no-such-program' };
  await expect(pathOf(tool, {})).rejects.toMatchObject({
    code: 'TOOL_UNAVAILABLE',
    exitCode: 2,
    message: expect.stringMatching(/version edge-26\.8\.3 of the command \S+ is needed, and no package registry provides it$/),
    hint: expect.stringMatching(/on PATH, or into the folder of --images=FOLDER: https:\/\/linkerd\.io\//),
  });
});

test('Parses the versions that the command prints, with the number of proxies of each', () => {
  const text =
    'Client version: edge-26.8.3\nServer version: edge-26.8.3\nProxy versions:\n\tedge-26.8.3 (7 pods)\n\tedge-26.7.1 (1 pods)\n';
  const { client, server, proxies } = parseVersions(text);
  expect([client, server, ...proxies]).toEqual(['edge-26.8.3', 'edge-26.8.3', ['edge-26.8.3', 7], ['edge-26.7.1', 1]]);
});

test('Names the proxies of a version if the tags of their images identify them', () => {
  const tagged = [
    { pod: 'rig/one', version: 'edge-1' },
    { pod: 'rig/late', version: 'edge-0' },
  ];
  const counted = (...proxies: [string, number][]) => reportedIn({ proxies: new Map(proxies), tagged });
  expect(counted(['edge-0', 1], ['edge-1', 1])).toEqual(tagged);
  expect(counted(['edge-1', 2])).toEqual(Array.from({ length: 2 }, () => ({ pod: 'one of 2 pods', version: 'edge-1' })));
});

test("Reports what failed in a preflight, and a failure without a name as the command's own", () => {
  const checks = [
    { description: 'can create Namespaces', result: 'success' },
    { description: 'can create ClusterRoles', error: 'not authorized', result: 'error' },
    { description: 'cli is up-to-date', error: 'no network', result: 'warning' },
  ];
  const stdout = JSON.stringify({ success: false, categories: [{ checks }] });
  expect(parsePreflight({ exitCode: 1, stdout, stderr: '' })).toEqual(['can create ClusterRoles: not authorized']);
  expect(parsePreflight({ exitCode: 0, stdout: '{"success":true}', stderr: '' })).toEqual([]);
  expect(() => parsePreflight({ exitCode: 1, stdout: '', stderr: 'unknown flag' })).toThrow(/reported nothing: unknown flag/);
});

test('Says in the diagnostics why a source is missing', async () => {
  const files = await linkerdDiagnostics(new SimulatedLinkerd([]), 'linkerd', [{ namespace: 'rig', name: 'caller' }]);
  expect(files).toEqual({ 'caller/metrics.txt': 'not available: connection refused\n', 'caller/proxy.log': '' });
});
