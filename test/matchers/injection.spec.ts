import { expect, test } from '@playwright/test';

import { shapeOf } from '../../fixtures/evidence/pod-shape.ts';
import { toBeInjected, toBeDeniedAdmission, toHaveNoProxy } from '../../fixtures/matchers/injection.ts';

const meshed = { pod: 'a', containers: ['init', 'proxy', 'app'], hasProxy: true };
const plain = { pod: 'b', containers: ['app'], hasProxy: false };
const noInjector = { status: 500, refusal: 'refused (500): Internal error occurred: failed calling webhook "x": service not found' };
const quota = { status: 403, refusal: 'refused (403): pods "a" is forbidden: exceeded quota' };

test('Requires that no container of the pod is a proxy', () => {
  expect(toHaveNoProxy(plain)).toMatchObject({ pass: true });
  expect(toHaveNoProxy(meshed)).toMatchObject({ pass: false, observed: expect.stringContaining('init, proxy, app') });
});

test('Requires that the pod was rejected because the injector could not be called', () => {
  expect(toBeDeniedAdmission(noInjector)).toMatchObject({ pass: true });
  expect(toBeDeniedAdmission(plain)).toMatchObject({ pass: false, observed: expect.stringContaining('admitted without a proxy') });
  expect(toBeDeniedAdmission(meshed)).toMatchObject({ pass: false, observed: expect.stringContaining('admitted with a proxy') });
  expect(toBeDeniedAdmission(quota)).toMatchObject({
    pass: false,
    inconclusive: expect.stringContaining('a reason other than the injector'),
  });
});

test('Requires that the pod was admitted with a proxy', () => {
  expect(toBeInjected(meshed)).toMatchObject({ pass: true });
  expect(toBeInjected(plain).pass).toBe(false);
  expect(toBeInjected(noInjector)).toEqual(expect.not.objectContaining({ inconclusive: expect.anything() }));
  expect(toBeInjected(noInjector).pass).toBe(false);
  expect(toBeInjected(quota)).toMatchObject({ pass: false, inconclusive: expect.stringContaining('a reason other than the injector') });
});

test('Finds a proxy anywhere in a pod', () => {
  const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec });
  const native = pod({ initContainers: [{ name: 'setup' }, { name: 'proxy' }], containers: [{ name: 'app' }] });
  expect(shapeOf(native, 'proxy')).toEqual({ pod: 'a', containers: ['setup', 'proxy', 'app'], hasProxy: true });
  const sized = { name: 'proxy', resources: { limits: { cpu: '1' } } };
  expect(shapeOf(pod({ containers: [sized, { name: 'app' }] }), 'proxy')).toMatchObject({
    hasProxy: true,
    proxyResources: sized.resources,
  });
  expect(shapeOf(pod({ containers: [{ name: 'app' }] }), 'proxy').hasProxy).toBe(false);
});
