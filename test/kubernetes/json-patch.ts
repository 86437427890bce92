import { isDeepStrictEqual } from 'node:util';

interface Operation {
  op: 'test' | 'replace' | 'add' | 'remove';
  path: string;
  value?: unknown;
}

/** The object after a JSON patch (RFC 6902); undefined if one of its tests fails. */
export function jsonPatched<T extends object>(object: T, operations: readonly Operation[]): T | undefined {
  const patched = structuredClone(object);
  for (const { op, path, value } of operations) {
    const names = path
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    const place = names.reduce((at, name) => (at[name] ?? {}) as Record<string, unknown>, patched as Record<string, unknown>);
    if (op === 'test' && !isDeepStrictEqual(place[last], value)) return undefined;
    if (op === 'replace' || op === 'add') place[last] = value;
    if (op === 'remove') delete place[last];
  }
  return patched;
}
