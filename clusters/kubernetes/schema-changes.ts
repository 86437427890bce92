import type { KindSchemas, Schema } from './kind-schemas.ts';
import { isObject } from './merge-patch.ts';

/** The fields of a kind that one version of its schema has and the other has not. */
export interface KindChange {
  kind: string;
  /** Paths such as `spec.http.[].retries`; with `=`, a value that a field may have. A field that is new with all its members counts once. */
  added: string[];
  removed: string[];
}

/** What differs between two versions of schemas, for each kind in its newest API version. Kinds without a difference are left out. */
export function kindChanges(before: KindSchemas, after: KindSchemas): KindChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((kind) => {
    const [had, has] = [old.get(kind), now.get(kind)];
    if (had === undefined) return [{ kind, added: ['the kind itself'], removed: [] }];
    if (has === undefined) return [{ kind, added: [], removed: ['the kind itself'] }];
    const change = { kind, added: outermost(has, had), removed: outermost(had, has) };
    return change.added.length + change.removed.length === 0 ? [] : [change];
  });
}

/** The paths of the fields of each kind. */
function fieldsOf(schemas: KindSchemas): Map<string, ReadonlySet<string>> {
  return new Map(
    schemas.newest.map(([apiVersion, kind]) => {
      const paths = new Set<string>();
      collect(schemas.schemaOf(apiVersion, kind) ?? {}, '', paths);
      return [kind, paths];
    }),
  );
}

function collect(schema: Schema, path: string, into: Set<string>): void {
  const { properties, items, additionalProperties, enum: values } = schema;
  const below = (name: string, field: unknown): void => {
    const at = path === '' ? name : `${path}.${name}`;
    into.add(at);
    if (isObject(field)) collect(field, at, into);
  };
  if (isObject(properties)) for (const [name, field] of Object.entries(properties)) below(name, field);
  if (isObject(items)) below('[]', items);
  if (isObject(additionalProperties)) below('*', additionalProperties);
  if (Array.isArray(values)) for (const value of values) into.add(`${path}=${String(value)}`);
}

/** The paths that only the first set has, without those below another one. */
function outermost(having: ReadonlySet<string>, lacking: ReadonlySet<string>): string[] {
  const only = [...having].filter((path) => !lacking.has(path));
  return only.filter((path) => !only.some((other) => path.startsWith(`${other}.`) || path.startsWith(`${other}=`)));
}
