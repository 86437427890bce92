// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { expect, test as base } from '@playwright/test';
import * as fc from 'fast-check';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { type ControlDocument, applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';

const test = base.extend<{ write: (text: string) => string }>({
  write: async ({}, use, info) => {
    await use((text) => {
      writeFileSync(info.outputPath('a.yaml'), text);
      return info.outputPath('a.yaml');
    });
  },
});

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule}
`;

test.describe('Manifest files', () => {
  test('Reads several objects from a file, and skips empty documents', async ({ write }) => {
    const read = await readManifests(write(`# why\n---\n${RULE}---\n---\n${RULE.replace('rule', 'other')}`), {});
    expect(read.map(({ metadata }) => metadata.name)).toEqual(['rule', 'other']);
    expect(await readManifests(write(''), {})).toEqual([]);
  });

  test('Replaces placeholders by values, and keeps the type of an unquoted one', async ({ write }) => {
    const spec =
      'spec: {host: server.$(NAMESPACE).svc, port: $(PORT), quoted: "$(PORT)", on: $(ON), $(NAMESPACE): key, literal: $$(PORT), both: $(PORT)-$$(X)}';
    const [read] = await readManifests(write(`${RULE}${spec} # $(IGNORED)`), { NAMESPACE: 'rig', PORT: 8080, ON: true });
    const expected = { host: 'server.rig.svc', port: 8080, quoted: '8080', on: true, rig: 'key', literal: '$(PORT)', both: '8080-$(X)' };
    expect(read?.['spec']).toEqual(expected);
  });

  test('Inserts any value of a variable literally', async ({ write }) => {
    const file = write(`${RULE}spec: {bare: $(VALUE), quoted: "a $(VALUE) b"}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.integer()), async (value) => {
        const [read] = await readManifests(file, { VALUE: value });
        expect(read?.['spec']).toStrictEqual({ bare: value, quoted: `a ${String(value)} b` });
      }),
      { numRuns: 50 },
    );
  });

  const broken: [string, string, string][] = [
    ['a syntax error', `${RULE}spec: {host: a\n`, ':5:1: Flow map in block collection must be sufficiently indented'],
    ['a duplicate key', `${RULE}spec:\n  host: a\n  host: b\n`, ':6:3: Map keys must be unique'],
    ['a duplicate key of a second document', `${RULE}---\nkind: A\nkind: B\n`, ':6:1: Map keys must be unique'],
    [
      'an unknown placeholder',
      `${RULE}spec: {host: $(NAMESPCE)}`,
      ':4:14: $(NAMESPCE) is unknown; the variables are NAMESPACE; did you mean NAMESPACE?',
    ],
    ['a list', '- a', ':1:1: a document must be a mapping'],
    ['a text', 'hello', ':1:1: a document must be a mapping'],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}', ':1:1: the document has no kind'],
    ['no apiVersion', 'kind: Service\nmetadata: {name: a}', ':1:1: the document has no apiVersion'],
    ['an apiVersion that is not a string', 'apiVersion: 1\nkind: Service\nmetadata: {name: a}', ':1:13: apiVersion must be a string'],
    ['no metadata', 'apiVersion: v1\nkind: Service', ':1:1: the document has no metadata'],
    ['no name', 'apiVersion: v1\nkind: Service\nmetadata: {}', ':3:11: metadata has no name'],
    ['a name that is not a string', 'apiVersion: v1\nkind: Service\nmetadata: {name: 5}', ':3:18: metadata.name must be a string'],
    ['the same object twice', `${RULE}---\n${RULE}`, ':7:18: DestinationRule rule occurs twice'],
  ];
  for (const [what, text, message] of broken) {
    test(`Rejects ${what} with file, line and column`, async ({ write }) => {
      const file = write(text);
      const reading = readManifests(file, { NAMESPACE: 'rig' });
      await expect(reading).rejects.toMatchObject({
        code: 'MANIFEST_INVALID',
        exitCode: 2,
        message: expect.stringContaining(`${file}${message}`),
      });
    });
  }

  test('Reports a missing file as unreadable', async ({}, info) => {
    await expect(readManifests(info.outputPath('absent.yaml'), {})).rejects.toMatchObject({ code: 'MANIFEST_UNREADABLE' });
  });

  test('Requires an apiVersion in a control only for an added object', async ({ write }) => {
    expect(await readControl(write('kind: A\nmetadata: {name: $(N)}\nspec: null'), { N: 'n' })).toEqual([
      { kind: 'A', metadata: { name: 'n' }, spec: null },
    ]);
    await expect(readControl(write('kind: A\nmetadata: {name: n}\n$patch: add'), {})).rejects.toThrow(
      ':1:1: the document has no apiVersion',
    );
    await expect(readControl(write('kind: A\nmetadata: {name: n}\n$patch: remove'), {})).rejects.toThrow(
      ':3:9: $patch must be "delete", "add" or absent, not "remove"',
    );
  });
});

const rule: Manifest = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'rule' },
  spec: { host: 'server', subsets: [{ name: 'v1' }, { name: 'v2' }], trafficPolicy: { tls: { mode: 'DISABLE' } } },
};
const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'rule' }, spec: {} };
const control = (fields: Partial<ControlDocument>): ControlDocument => ({
  kind: 'DestinationRule',
  metadata: { name: 'rule' },
  ...fields,
});
const SPEC = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });

test.describe('Controls', () => {
  test('Merges a patch into the object of its kind and name', () => {
    const patch = control({ spec: { subsets: [{ name: 'v3' }], trafficPolicy: { tls: null, loadBalancer: { simple: 'RANDOM' } } } });
    const [broken, other] = applyControl([rule, service], [patch]);
    expect(broken?.['spec']).toEqual({ host: 'server', subsets: [{ name: 'v3' }], trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } });
    expect(broken?.apiVersion).toBe('networking.istio.io/v1');
    expect(other).toBe(service);
    expect(rule['spec']).toHaveProperty('trafficPolicy.tls.mode', 'DISABLE');
  });

  test('Deletes an object', () => {
    expect(applyControl([rule, service], [control({ $patch: 'delete' })])).toEqual([service]);
  });

  test('Adds an object', () => {
    const added = control({ $patch: 'add', apiVersion: 'v1', kind: 'ConfigMap', data: {} });
    expect(applyControl([rule], [added])).toEqual([rule, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'rule' }, data: {} }]);
  });

  test('Changes one object with several documents', () => {
    const [broken] = applyControl([rule], [control({ spec: { host: 'a' } }), control({ spec: { exportTo: ['.'] } })]);
    expect(broken?.['spec']).toMatchObject({ host: 'a', exportTo: ['.'] });
  });

  const useless: [string, ControlDocument[], string][] = [
    ['that is empty', [], 'it contains no document'],
    [
      'of another name',
      [control({ metadata: { name: 'rul' } })],
      'DestinationRule rul matches no manifest; there are DestinationRule rule, Service rule; did you mean DestinationRule rule?',
    ],
    ['of another version', [control({ apiVersion: 'networking.istio.io/v1beta1' })], 'matches no manifest'],
    ['of another namespace', [control({ metadata: { name: 'rule', namespace: 'n' } })], 'matches no manifest'],
    ['that changes nothing', [control({ spec: { host: 'server' } })], 'DestinationRule rule changes nothing'],
    ['that removes what does not exist', [control({ spec: { exportTo: null } })], 'DestinationRule rule changes nothing'],
    ['that deletes the same object twice', [control({ $patch: 'delete' }), control({ $patch: 'delete' })], 'matches no manifest'],
    ['that deletes and has other fields', [control({ $patch: 'delete', spec: {} })], 'so its spec would be ignored'],
    ['that adds an existing object', [control({ $patch: 'add', apiVersion: rule.apiVersion })], 'cannot be added'],
    ['that adds without an apiVersion', [control({ $patch: 'add', kind: 'New' })], 'needs an apiVersion'],
  ];
  for (const [what, documents, message] of useless) {
    test(`Rejects a control ${what}`, () => {
      const expected = { code: 'CONTROL_INVALID', message: expect.stringMatching(/^x\.control\.yaml: /) };
      expect(() => applyControl([rule, service], documents, 'x.control.yaml')).toThrow(expect.objectContaining(expected));
      expect(() => applyControl([rule, service], documents)).toThrow(message);
    });
  }

  test('Rejects a control that matches two objects', () => {
    const twin = { ...rule, metadata: { name: 'rule', namespace: 'other' } };
    expect(() => applyControl([rule, twin], [control({ spec: null })])).toThrow('matches 2 manifests');
  });

  test('Never changes what a control does not name', () => {
    fc.assert(
      fc.property(SPEC, SPEC, (spec, patch) => {
        const manifests = [{ ...rule, spec }, service];
        const before = structuredClone(manifests);
        try {
          const [broken, other] = applyControl(manifests, [control({ spec: patch })]);
          assert.notDeepEqual(broken, manifests[0]);
          assert.equal(other, service);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONTROL_INVALID' });
        }
        assert.deepEqual(manifests, before);
      }),
    );
  });
});
