import { expect, test } from '@playwright/test';

import { chooseControlPlane, controlPlanes, discoverable, injectorOf } from '../../clusters/istio/survey/control-planes.ts';
import { injector, usualInjector } from './injectors.ts';

const BY_DEFAULT = { label: 'istio-injection', value: 'enabled' };
const by = (value: string) => ({ label: 'istio.io/rev', value });

test('Finds control planes and their tags through their injectors, except those that checks installed', () => {
  const found = controlPlanes([
    injector('stable-1', { namespace: 'mesh-system' }),
    injector('stable-1', { tag: 'prod', namespace: 'mesh-system' }),
    injector('stable-1', { tag: 'default', namespace: 'mesh-system' }),
    injector('canary'),
    injector('meshproof-rig-0-demo', { namespace: 'meshproof-rig-0-demo' }),
    { metadata: { name: 'remote' }, webhooks: [{ clientConfig: {} }] },
  ]);
  expect(found).toEqual([
    { revision: 'stable-1', namespace: 'mesh-system', tags: ['default', 'prod'] },
    { revision: 'canary', namespace: 'istio-system', tags: [] },
  ]);
});

test('Assigns a namespace to the injector that its labels select', () => {
  const injectors = [usualInjector(), injector('canary')];
  expect(injectorOf(injectors, { 'istio-injection': 'enabled' })).toBe('default');
  expect(injectorOf(injectors, { 'istio.io/rev': 'canary' })).toBe('canary');
  // The older label has precedence.
  expect(injectorOf(injectors, { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' })).toBe('default');
  expect(injectorOf(injectors, { 'istio-injection': 'disabled', 'istio.io/rev': 'canary' })).toBeUndefined();
  expect(injectorOf(injectors, { 'istio.io/rev': 'gone' })).toBeUndefined();
  expect(injectorOf(injectors, {})).toBeUndefined();
});

const CHOICES: [what: string, injectors: ReturnType<typeof injector>[], wanted: string | undefined, revision: string, injection: object][] =
  [
    ['the usual one', [usualInjector()], undefined, 'default', BY_DEFAULT],
    ['the default one among several', [injector('canary'), usualInjector()], undefined, 'default', BY_DEFAULT],
    ['the only one, although it is not the default', [injector('stable-1')], undefined, 'stable-1', by('stable-1')],
    ['the one with the tag default', [injector('a'), injector('b'), injector('b', { tag: 'default' })], undefined, 'b', BY_DEFAULT],
    ['by revision', [usualInjector(), injector('canary')], 'canary', 'canary', by('canary')],
    ['by tag', [injector('a'), injector('b'), injector('a', { tag: 'prod' })], 'prod', 'a', by('prod')],
    ['the default one by name', [usualInjector(), injector('canary')], 'default', 'default', by('default')],
  ];

for (const [what, injectors, wanted, revision, injection] of CHOICES) {
  test(`Chooses a control plane: ${what}`, () => {
    const chosen = chooseControlPlane(injectors, wanted);
    expect([chosen.plane.revision, chosen.injection]).toEqual([revision, injection]);
    expect(chosen.unmeshed).toEqual({});
    expect(injectorOf(injectors, { [chosen.injection.label]: chosen.injection.value })).toBe(revision);
  });
}

test('Rejects an ambiguous or unknown choice, and lists what exists', () => {
  const two = [injector('a'), injector('b'), injector('b', { tag: 'prod' })];
  expect(() => chooseControlPlane(two, undefined)).toThrow(
    expect.objectContaining({ code: 'REVISION_NOT_NAMED', exitCode: 2, message: expect.stringContaining('a, b (tags: prod)') }),
  );
  expect(() => chooseControlPlane(two, 'c')).toThrow(
    expect.objectContaining({ code: 'REVISION_UNKNOWN', exitCode: 2, hint: 'there are a, b (tags: prod)' }),
  );
  expect(() => chooseControlPlane([], undefined)).toThrow(expect.objectContaining({ code: 'ISTIOD_MISSING' }));
  const unlabelled = {
    ...injector('a'),
    webhooks: [{ clientConfig: { service: { namespace: 'm' } }, namespaceSelector: { matchLabels: { x: 'y' } } }],
  };
  expect(() => chooseControlPlane([unlabelled], undefined)).toThrow(expect.objectContaining({ code: 'INJECTOR_MISSING' }));
});

test('Opts out namespaces that must not be injected where injection is the default', () => {
  const auto = usualInjector();
  auto.webhooks?.push({
    clientConfig: { service: { namespace: 'istio-system' } },
    namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'DoesNotExist' }] },
  });
  const { unmeshed } = chooseControlPlane([auto], undefined);
  expect(unmeshed).toEqual({ 'istio-injection': 'disabled' });
  expect(injectorOf([auto], unmeshed)).toBeUndefined();
});

test('Adds the labels that the control plane requires of namespaces that it watches', () => {
  const labels = { 'istio-injection': 'enabled' };
  expect(discoverable(labels, [])).toEqual(labels);
  expect(discoverable(labels, [{ matchLabels: labels }])).toEqual(labels);
  expect(discoverable(labels, [{ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }, { matchLabels: { mesh: 'on' } }])).toEqual({
    ...labels,
    mesh: 'on',
  });
  expect(() => discoverable(labels, [{ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }])).toThrow(
    expect.objectContaining({ code: 'NAMESPACES_UNFIT' }),
  );
});
