import { join } from 'node:path';

import { expect } from '@playwright/test';

import { specAt } from '../../fixtures/contract/catalogue.ts';
import { checkManifests } from '../../scripts/run/preflight.ts';
import { test, writeSuites } from './suite-folder.ts';

const NAMESPACE = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;
const ACCOUNT = (namespace: string): string => `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, namespace: ${namespace} }\n`;

const MANIFESTS: Record<string, [isMeshWide: boolean, text: string]> = {
  'in-the-rig': [false, 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n'],
  'outside-the-rig': [false, ACCOUNT('$(UNMESHED)')],
  'own-namespace': [false, `${NAMESPACE('$(NAMESPACE)-later')}---\n${ACCOUNT('$(NAMESPACE)-later')}`],
  'not-made': [true, ACCOUNT('$(NAMESPACE)-later')],
  'made-by-another': [true, `${NAMESPACE('$(NAMESPACE)-later')}---\n${ACCOUNT('$(NAMESPACE)-sooner')}`],
  'the-rig-itself': [true, NAMESPACE('$(NAMESPACE)')],
  'a-part-of-the-rig': [true, NAMESPACE('$(UNMESHED)')],
  'a-stranger': [true, NAMESPACE('production')],
  'the-root': [true, ACCOUNT('$(ROOT_NAMESPACE)')],
};

test('Detects a check that affects more than its rig and the namespaces that it creates itself', async ({ folder }) => {
  const files = Object.entries(MANIFESTS).map(([stem, [, text]]): [string, string] => [`s/${stem}.istio.yaml`, text]);
  await writeSuites(folder, Object.fromEntries(files));
  const checks = Object.keys(MANIFESTS).flatMap((stem) => specAt(join(folder, 'suites/s', `${stem}.spec.ts`)) ?? []);
  const { meshWide, applied } = await checkManifests(checks, { mesh: 'istio' });
  expect(meshWide).toEqual(Object.keys(MANIFESTS).flatMap((stem) => (MANIFESTS[stem]?.[0] ? [`s/${stem}`] : [])));
  expect(applied.kinds).toEqual([{ group: '', kind: 'ServiceAccount' }]);
});

const istioObject = (kind: string, fields: string, place = ''): string =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: a${place} }\n${fields}\n`;
const route = (exportTo: string): string => istioObject('VirtualService', `spec: { hosts: [server], http: [${HTTP}]${exportTo} }`);
const HTTP = '{ route: [{ destination: { host: server } }] }';
const gateway = (selector: string): string =>
  istioObject('Gateway', `spec: { ${selector}servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [a.example] }] }`);
const service = (annotations: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: a${annotations} }\nspec: { ports: [{ port: 80 }] }\n`;
const k8sGateway = (address: string): string =>
  'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: a }\nspec:\n  gatewayClassName: istio\n' +
  `  listeners: [{ name: http, port: 80, protocol: HTTP }]\n  addresses: [{ type: Hostname, value: ${address} }]\n`;
const httpRoute = (parent: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: a }\nspec: { parentRefs: [{ kind: Service, group: '', name: s${parent} }] }\n`;
const gatewayPods = (label: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: a }
spec:
  selector: { matchLabels: { ${label} } }
  template:
    metadata: { labels: { ${label} }, annotations: { inject.istio.io/templates: gateway } }
    spec: { containers: [{ name: istio-proxy, image: auto }] }
`;

/** A manifest, and the expected description of how it reaches beyond the rig; undefined if it does not. */
const REACHES: Record<string, [text: string, words?: string]> = {
  'a route exported to every namespace': [route(''), "VirtualService a is exported to every namespace; add exportTo: ['.'] to its spec"],
  'a route exported by an empty list': [route(', exportTo: []'), 'VirtualService a is exported to every namespace'],
  'a route exported to every namespace by name': [route(", exportTo: ['*']"), 'VirtualService a is exported to *, outside the rig'],
  'a route exported to another namespace too': [route(", exportTo: ['.', shop]"), 'VirtualService a is exported to shop, outside the rig'],
  'a route exported to its own namespace': [route(", exportTo: ['.']")],
  "a route exported to the rig's namespaces": [route(', exportTo: [$(NAMESPACE), $(NEIGHBOUR), $(UNMESHED)]')],
  'a host exported to every namespace': [
    istioObject('ServiceEntry', 'spec: { hosts: [a.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: NONE }'),
    'ServiceEntry a is exported to every namespace',
  ],
  'a rule exported to every namespace': [
    istioObject('DestinationRule', 'spec: { host: server }'),
    'DestinationRule a is exported to every namespace',
  ],
  'gateway pods of every namespace': [
    gateway('selector: { istio: ingressgateway }, '),
    'Gateway a selects gateway pods of every namespace',
  ],
  'gateways without a selector': [gateway(''), 'Gateway a selects gateway pods of every namespace'],
  "the rig's gateway": [gateway('selector: { istio: ingressgateway, meshproof.dev/ingressgateway: $(NAMESPACE) }, ')],
  'a Sidecar in the root namespace': [
    istioObject('Sidecar', "spec: { egress: [{ hosts: ['./*'] }] }", ', namespace: $(ROOT_NAMESPACE)'),
    "Sidecar a is in meshproof-root, outside the rig; a check that needs this must set exclusive: 'mesh-wide'",
  ],
  "a Sidecar in the neighbour's namespace": [istioObject('Sidecar', "spec: { egress: [{ hosts: ['./*'] }] }", ', namespace: $(NEIGHBOUR)')],
  'a Sidecar in a namespace that the check creates': [
    `${NAMESPACE('$(NAMESPACE)-own')}---\n${istioObject('Sidecar', "spec: { egress: [{ hosts: ['./*'] }] }", ', namespace: $(NAMESPACE)-own')}`,
  ],
  'a Service exported to every namespace': [
    service(''),
    "Service a is exported to every namespace; add the annotation networking.istio.io/exportTo: '.'",
  ],
  'a Service exported to another namespace': [
    service(", annotations: { networking.istio.io/exportTo: '., shop' }"),
    'Service a is exported to shop',
  ],
  'a Service exported to its own namespace': [service(", annotations: { networking.istio.io/exportTo: '., $(NEIGHBOUR)' }")],
  "the owner's gateway, by its Service": [
    k8sGateway('in.prod.svc.cluster.local'),
    'Gateway a acts on the pods behind in.prod.svc.cluster.local',
  ],
  "the rig's gateway, by its Service": [k8sGateway('in.$(NAMESPACE).svc.cluster.local')],
  'a route with a Service of another namespace as its parent': [
    httpRoute(', namespace: shop'),
    'HTTPRoute a has a parent in shop, outside the rig',
  ],
  'a route with a Service of its own namespace as its parent': [httpRoute('')],
  'gateway pods with a common label': [
    gatewayPods('istio: ingressgateway'),
    'Deployment a has gateway pods that Gateways of others may select',
  ],
  'gateway pods with a label of the rig': [gatewayPods('istio: ingressgateway-$(NAMESPACE)')],
};

for (const [what, [text, words]] of Object.entries(REACHES)) {
  test(`${words === undefined ? 'Accepts' : 'Rejects, with the line to add,'} ${what}`, async ({ folder }) => {
    await writeSuites(folder, { 's/a.istio.yaml': text });
    const checks = [specAt(join(folder, 'suites/s/a.spec.ts'))].filter((one) => one !== undefined);
    const read = (meshWide: boolean) =>
      checkManifests(checks, { mesh: 'istio' }, new Map([['s/a', { id: 's/a', meshWide, variables: false }]]));
    if (words === undefined) await expect(read(false)).resolves.toMatchObject({ meshWide: [] });
    else {
      const code = 'REACHES_BEYOND_RIG';
      const message = expect.stringMatching(new RegExp(`s/a\\.istio\\.yaml: ${RegExp.escape(words)}`));
      await expect(read(false)).rejects.toMatchObject({ code, exitCode: 2, message });
      await expect(read(true), 'a mesh-wide check may do it').resolves.toMatchObject({ meshWide: ['s/a'] });
    }
  });
}

test('Requires that objects added by a control stay within the rig too', async ({ folder }) => {
  await writeSuites(folder, { 's/a.istio.yaml': route(", exportTo: ['.']"), 's/a.istio.control.yaml': `$patch: add\n${gateway('')}` });
  const checks = [specAt(join(folder, 'suites/s/a.spec.ts'))].filter((one) => one !== undefined);
  const message = expect.stringMatching(/s\/a\.istio\.control\.yaml: Gateway a selects gateway pods of every namespace/);
  await expect(checkManifests(checks, { mesh: 'istio' })).rejects.toMatchObject({ message, exitCode: 2 });
});
