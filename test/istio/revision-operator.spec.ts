import { expect, test } from '@playwright/test';

import { operatorBeside, setFlags } from '../../clusters/istio/revisions/revision-operator.ts';

const IMAGES = { hub: 'example.test/istio', tag: '1.31.0', plainEnvoy: false };
const document = (spec: Record<string, unknown>, annotations: Record<string, string> = {}) => ({
  apiVersion: 'install.istio.io/v1alpha1',
  kind: 'IstioOperator',
  metadata: { name: 'demo', namespace: 'rig-0-demo', annotations },
  spec,
});

test('an installation beside another is a revision that sees its own namespace alone and owns no CRDs', () => {
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

test('the proxies of the mesh that is there are not told of its Services', () => {
  const serviceAnnotations = { 'networking.istio.io/exportTo': '.' };
  expect(operatorBeside(document({}), IMAGES)['spec']).toMatchObject({
    values: {
      pilot: { serviceAnnotations },
      gateways: { 'istio-ingressgateway': { serviceAnnotations }, 'istio-egressgateway': { serviceAnnotations } },
    },
  });
});

test('what the document says wins, and what is the profile’s to decide is left to it', () => {
  const said = { meshConfig: { trustDomain: 'shop.example' }, values: { global: { proxy: { resources: { requests: { cpu: '100m' } } } } } };
  const { spec } = operatorBeside(document(said), IMAGES);
  expect(spec).toMatchObject({ profile: 'default', meshConfig: { trustDomain: 'shop.example' } });
  expect(spec).toMatchObject({ values: { global: { proxy: { resources: { requests: { cpu: '100m', memory: '64Mi' } } } } } });
  expect(JSON.stringify(spec)).not.toMatch(/accessLogFile|autoscaleEnabled/);
});

test('the annotation becomes --set flags, one for each setting', () => {
  const annotations = { 'meshproof.dev/set': 'profile=default\n  values.a.b=1  c=2\n' };
  expect(setFlags(document({}, annotations))).toEqual(['--set', 'profile=default', '--set', 'values.a.b=1', '--set', 'c=2']);
  expect(setFlags(document({}))).toEqual([]);
});
