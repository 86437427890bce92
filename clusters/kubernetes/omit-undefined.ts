/** Removes undefined members, which exactOptionalPropertyTypes forbids passing on. */
export function omitUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> };
export function omitUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
