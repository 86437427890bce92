import { expect, test } from '@playwright/test';

import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { alteration, interference, isVerbatim } from '../../fixtures/check/interference.ts';

const sent: Manifest = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'server', namespace: 'rig' },
  spec: { hosts: ['server'], http: [{ route: [{ weight: 90 }, { weight: 10 }], headers: {} }] },
};

function live(spec: object, more: object = {}, managers: object[] = [{ manager: 'meshproof' }]): LiveObject {
  const stored = { uid: 'one', resourceVersion: '1', creationTimestamp: '', generation: 1, managedFields: managers };
  return { ...sent, metadata: { ...sent.metadata, ...stored, ...more }, spec };
}

const filled = { hosts: ['server'], http: [{ route: [{ weight: 90, port: 1 }, { weight: 10 }] }], gateways: ['mesh'] };

test('Ignores fields that were filled in, and empty ones that were dropped', () => {
  expect(alteration({ sent, stored: live(filled) })).toBeUndefined();
});

test('Reports an altered field and its manager', () => {
  const http = [{ route: [{ weight: 50 }, { weight: 50 }] }];
  expect(alteration({ sent, stored: live({ ...filled, http }) })).toBe(
    'VirtualService rig/server was stored differently: spec.http[0].route[0].weight is 50, not 90; managed by an admission webhook',
  );
  const shorter = live({ ...filled, hosts: [] }, {}, [{ manager: 'argocd' }, { manager: 'pilot', subresource: 'status' }]);
  expect(alteration({ sent, stored: shorter })).toContain('spec.hosts is [], not ["server"]; managed by argocd');
});

test('Names who removed, recreated or changed an object', () => {
  const one = { sent, stored: live(filled) };
  const argocd = [{ manager: 'meshproof' }, { manager: 'argocd' }];
  expect(interference(one, live(filled, { resourceVersion: '2' }))).toBeUndefined();
  expect(interference(one, undefined)).toContain('was removed');
  expect(interference(one, live(filled, { uid: 'two' }, argocd))).toBe('VirtualService rig/server was recreated by argocd');
  expect(interference(one, live(filled, { generation: 2 }, argocd))).toBe('VirtualService rig/server was changed by argocd');
});

test('Compares only kinds that are stored exactly as sent', () => {
  const of = (apiVersion: string) => isVerbatim({ ...sent, apiVersion });
  expect(['networking.istio.io/v1', 'policy.linkerd.io/v1', 'gateway.networking.k8s.io/v1'].every(of)).toBe(true);
  expect(['v1', 'apps/v1', 'networking.k8s.io/v1', 'rbac.authorization.k8s.io/v1'].some(of)).toBe(false);
});
