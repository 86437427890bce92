import type { Schema, SchemaFile } from './kind-schemas.ts';
import { isObject } from './merge-patch.ts';
import { objectsIn } from './yaml-stream.ts';

/** The definitions of a mesh's kinds, as published by its project. */
export interface Definitions {
  /** Their source and license. */
  from: string;
  /** YAML documents of CustomResourceDefinitions. */
  text: string;
}

/** The fields of a CustomResourceDefinition that are read. */
interface Definition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

/**
 * The schema keywords that are kept unchanged. Descriptions, defaults, formats and CEL rules are dropped, because the API server validates
 * them.
 */
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

/** The content of a schema file for `KindSchemas`, with one kind on each line, so that diffs stay readable. */
export function schemaText({ from, text }: Definitions): string {
  const lines = schemasOf(objectsIn<Definition>(text)).map((kind) => JSON.stringify(kind));
  return `{ "from": ${JSON.stringify(from)}, "kinds": [\n${lines.join(',\n')}\n] }\n`;
}

/**
 * Converts definitions to JSON schemas. They are closed, so that an unknown field is an error, except where the definition preserves
 * unknown fields. Versions of a kind with equal schemas share one.
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

/** The schema of a whole object. Metadata is validated in the same way for all kinds, and status belongs to the cluster. */
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

/** The constraints on a value other than which fields exist. */
function conditions(definition: Schema): Schema {
  const kept = Object.entries(definition).flatMap(([keyword, value]): [string, unknown][] => {
    if (KEPT.includes(keyword)) return [[keyword, value]];
    if (CHOICES.includes(keyword) && Array.isArray(value)) return [[keyword, value.filter(isObject).map(choice)]];
    return keyword === 'not' && isObject(value) ? [[keyword, choice(value)]] : [];
  });
  return Object.fromEntries(kept);
}

/** An alternative in oneOf and the like, which requires fields but does not close the object. */
function choice(definition: Schema): Schema {
  const { properties } = definition;
  return { ...conditions(definition), ...(isObject(properties) ? { properties: each(properties, choice) } : {}) };
}

function each(properties: Schema, make: (schema: Schema) => Schema): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, make(isObject(schema) ? schema : {})]));
}
