import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { KindSchemas, type Schema } from '../../clusters/kubernetes/kind-schemas.ts';
import { kindChanges } from '../../clusters/kubernetes/schema-changes.ts';
import { ISTIO } from '../../clusters/istio/module.ts';

const of = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });

async function schemasOf(kinds: Record<string, Schema>): Promise<KindSchemas> {
  const file = test.info().outputPath(`${randomUUID()}.json`);
  const content = Object.entries(kinds).map(([kind, schema]) => ({ kind, versions: ['a.test/v1'], schema }));
  await writeFile(file, JSON.stringify({ from: 'here', kinds: content }));
  return new KindSchemas(file, []);
}

test('Lists new and removed fields, values and kinds, each field once with all its members', async () => {
  const before = await schemasOf({
    Route: of({ spec: of({ old: { type: 'string' }, mode: { enum: ['A', 'B'] } }) }),
    Gone: of({}),
    Same: of({ spec: of({}) }),
  });
  const after = await schemasOf({
    Route: of({
      spec: of({
        mode: { enum: ['A', 'C'] },
        retries: of({ attempts: { type: 'integer' } }),
        rules: { type: 'array', items: of({ port: {} }) },
        labels: { additionalProperties: of({ value: {} }) },
      }),
    }),
    New: of({}),
    Same: of({ spec: of({}) }),
  });
  expect(kindChanges(before, after)).toEqual([
    { kind: 'Gone', added: [], removed: ['the kind itself'] },
    { kind: 'New', added: ['the kind itself'], removed: [] },
    { kind: 'Route', added: ['spec.mode=C', 'spec.retries', 'spec.rules', 'spec.labels'], removed: ['spec.old', 'spec.mode=B'] },
  ]);
  expect(kindChanges(after, after)).toEqual([]);
});

test('Finds new members of lists and of maps', async () => {
  const [before, after] = [await schemasOf({ Route: lists({}) }), await schemasOf({ Route: lists({ port: {} }) })];
  expect(kindChanges(before, after)).toEqual([{ kind: 'Route', added: ['rules.[].port', 'labels.*.port'], removed: [] }]);
});

const lists = (members: Record<string, Schema>): Schema =>
  of({ rules: { type: 'array', items: of(members) }, labels: { additionalProperties: of(members) } });

test('Finds what differs between two versions of a mesh', () => {
  const changes = kindChanges(ISTIO.facts.schemas('1.30'), ISTIO.facts.schemas('1.31'));
  expect(changes.map(({ kind }) => kind)).toEqual(['DestinationRule', 'EnvoyFilter', 'Gateway', 'Sidecar', 'VirtualService']);
  expect(changes.find(({ kind }) => kind === 'VirtualService')?.added).toEqual(['spec.http.[].redirect.prefixRewrite']);
  expect(changes.flatMap(({ removed }) => removed)).toEqual([]);
});
