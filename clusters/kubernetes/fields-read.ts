/** Which fields a validator looked for in each object of what it was given. An object it never looked into is missing. */
export type FieldsRead = ReadonlyMap<object, ReadonlySet<string>>;

/**
 * Runs a validator on a value that notes every field it is asked for.
 * A validator generated from a schema asks for each field that the schema has, present or not, so what it never asks for is not in the schema.
 * @returns what the validator returned, and the fields by the objects of `value` itself
 */
export function watchReads<T>(value: unknown, validate: (watched: unknown) => T): { result: T; fields: FieldsRead } {
  const fields = new Map<object, Set<string>>();
  const watched = new Map<object, object>();
  const watch = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    const known = watched.get(part);
    if (known !== undefined) return known;
    const proxy = new Proxy(part, {
      get(target, key, receiver) {
        if (typeof key === 'string') fields.set(part, (fields.get(part) ?? new Set()).add(key));
        return watch(Reflect.get(target, key, receiver));
      },
    });
    watched.set(part, proxy);
    return proxy;
  };
  return { result: validate(watch(value)), fields };
}
