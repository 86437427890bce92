import type { Schema, SchemaFile } from './kind-schemas.ts';
import { isObject } from './merge-patch.ts';
import { objectsIn } from './yaml-stream.ts';

/** The definitions of a mesh's kinds, as its project ships them. */
export interface Definitions {
  /** Where they are from, and under which licence. */
  from: string;
  /** YAML documents, each a CustomResourceDefinition. */
  text: string;
}

/** A CustomResourceDefinition; the fields that are read. */
interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

/** What is kept of a schema as it is. Texts, defaults, formats and CEL rules are not: the API server judges by them. */
const KEPT = [
  'type',
  'required',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'pattern',
];
const CHOICES = ['oneOf', 'anyOf', 'allOf'];

/** What a file of schemas holds for `KindSchemas`: a kind a line, so that a change shows where it is. */
export function schemaText({ from, text }: Definitions): string {
  const lines = schemasOf(objectsIn<Definition>(text)).map((kind) => JSON.stringify(kind));
  return `{ "from": ${JSON.stringify(from)}, "kinds": [\n${lines.join(',\n')}\n] }\n`;
}

/**
 * Makes JSON schemas of definitions: closed, so that a field that a schema does not have is an error, except where the definition preserves
 * unknown fields. Versions of a kind that have the same schema share it.
 */
function schemasOf(definitions: readonly Definition[]): SchemaFile['kinds'] {
  return definitions.flatMap(({ spec: { group, names, versions } }) => {
    const served = versions.filter((version) => version.served);
    const same = Map.groupBy(served, ({ schema }) => JSON.stringify(ofObject(schema.openAPIV3Schema)));
    return [...same].map(([text, members]) => ({
      kind: names.kind,
      versions: members.map(({ name }) => `${group}/${name}`),
      schema: JSON.parse(text) as Schema,
    }));
  });
}

/** The schema of a whole object. Its metadata is judged for all kinds alike, its status is the cluster's. */
function ofObject(definition: Schema): Schema {
  const { status: _, ...properties } = isObject(definition['properties']) ? definition['properties'] : {};
  const text = { type: 'string' };
  return closed({
    ...definition,
    properties: { apiVersion: text, kind: text, metadata: { 'x-kubernetes-preserve-unknown-fields': true }, ...properties },
  });
}

function closed(definition: Schema): Schema {
  const { properties, items, additionalProperties: others } = definition;
  const isOpen = definition['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...conditions(definition),
    ...(definition['x-kubernetes-int-or-string'] === true ? { type: ['integer', 'string'] } : {}),
    ...(isObject(properties) ? { properties: each(properties, closed) } : {}),
    ...(isObject(items) ? { items: closed(items) } : {}),
    ...(isObject(others)
      ? { additionalProperties: closed(others) }
      : isObject(properties) && !isOpen
        ? { additionalProperties: false }
        : {}),
  };
}

/** What a value must be like, where that is no matter of the fields that there are. */
function conditions(definition: Schema): Schema {
  const kept = Object.entries(definition).flatMap(([keyword, value]): [string, unknown][] => {
    if (KEPT.includes(keyword)) return [[keyword, value]];
    if (CHOICES.includes(keyword) && Array.isArray(value)) return [[keyword, value.filter(isObject).map(choice)]];
    return keyword === 'not' && isObject(value) ? [[keyword, choice(value)]] : [];
  });
  return Object.fromEntries(kept);
}

/** An alternative: it says what must be there and closes nothing. */
function choice(definition: Schema): Schema {
  const { properties } = definition;
  return { ...conditions(definition), ...(isObject(properties) ? { properties: each(properties, choice) } : {}) };
}

function each(properties: Schema, make: (schema: Schema) => Schema): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, make(isObject(schema) ? schema : {})]));
}
