import { expect, test } from '@playwright/test';

import { operatorBeside, setFlags } from '../../clusters/istio/revisions/revision-operator.ts';

const IMAGES = { hub: 'example.test/istio', tag: '1.31.0', plainEnvoy: false };
const document = (spec: Record<string, unknown>, annotations: Record<string, string> = {}) => ({
  apiVersion: 'install.istio.io/v1alpha1',
  kind: 'IstioOperator',
  metadata: { name: 'demo', namespace: 'rig-0-demo', annotations },
  spec,
});

test('Installs a revision that watches only its own namespace and owns no CRDs', () => {
  const { metadata, spec } = operatorBeside(document({ profile: 'demo' }), IMAGES);
  expect(metadata).toEqual({ name: 'demo', namespace: 'rig-0-demo' });
  expect(spec).toMatchObject({
    profile: 'demo',
    hub: 'example.test/istio',
    revision: 'rig-0-demo',
    components: { base: { enabled: false } },
    meshConfig: { discoverySelectors: [{ matchLabels: { 'kubernetes.io/metadata.name': 'rig-0-demo' } }] },
    values: { global: { istioNamespace: 'rig-0-demo', trustBundleName: 'istio-ca-demo' } },
  });
});

test('Does not export its Services to the proxies of the existing mesh', () => {
  const serviceAnnotations = { 'networking.istio.io/exportTo': '.' };
  expect(operatorBeside(document({}), IMAGES)['spec']).toMatchObject({
    values: {
      pilot: { serviceAnnotations },
      gateways: { 'istio-ingressgateway': { serviceAnnotations }, 'istio-egressgateway': { serviceAnnotations } },
    },
  });
});

test("Gives the document precedence, and leaves the profile's defaults alone", () => {
  const said = { meshConfig: { trustDomain: 'shop.example' }, values: { global: { proxy: { resources: { requests: { cpu: '100m' } } } } } };
  const { spec } = operatorBeside(document(said), IMAGES);
  expect(spec).toMatchObject({ profile: 'default', meshConfig: { trustDomain: 'shop.example' } });
  expect(spec).toMatchObject({ values: { global: { proxy: { resources: { requests: { cpu: '100m', memory: '64Mi' } } } } } });
  expect(JSON.stringify(spec)).not.toMatch(/accessLogFile|autoscaleEnabled/);
});

test('Converts the annotation to --set flags, one for each setting', () => {
  const annotations = { 'meshproof.dev/set': 'profile=default\n  values.a.b=1  c=2\n' };
  expect(setFlags(document({}, annotations))).toEqual(['--set', 'profile=default', '--set', 'values.a.b=1', '--set', 'c=2']);
  expect(setFlags(document({}))).toEqual([]);
});
