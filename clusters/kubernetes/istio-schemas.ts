import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

/** A finding of a validator that ajv generated. */
export interface Finding {
  /** JSON pointer. */
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
}

/** Returns whether the value fits; the findings are then in `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: Finding[] | null;
}

/** The kinds that @kubernetes-models/istio has: kind → API versions. */
export type Kinds = ReadonlyMap<string, readonly string[]>;

const load = createRequire(import.meta.url);
let kinds: Kinds | undefined;

/** Kinds and versions by the package's layout: one file per kind in <group>/<version>/. Made of Istio 1.29's CRDs. */
export function istioKinds(): Kinds {
  if (kinds !== undefined) return kinds;
  const found = new Map<string, string[]>();
  for (const path of readdirSync(folder(), { recursive: true, encoding: 'utf8' })) {
    const [group = '', version = '', file = '', ...deeper] = path.split(sep);
    const kind = file.replace(/\.js$/, '');
    if (kind === file || kind === 'index' || deeper.length > 0) continue;
    found.set(kind, [...(found.get(kind) ?? []), `${group}/${version}`]);
  }
  kinds = found;
  return found;
}

/**
 * The validator of one kind, loaded when it is first asked for.
 * The package ships its schemas only as generated code: they cannot be compiled anew and they let unknown fields pass.
 * They are loaded by file name, since its exports show them only behind model classes that copy what they are given.
 * @returns undefined when the package has no such kind in that version
 */
export function istioValidator(apiVersion: string, kind: string): Validator | undefined {
  if (istioKinds().get(kind)?.includes(apiVersion) !== true) return undefined;
  const [group = '', version = ''] = apiVersion.split('/');
  const name = [...group.split('.'), version].map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('') + kind;
  const { validate }: { validate: Validator } = load(join(folder(), '_schemas', `${name}.js`));
  return validate;
}

function folder(): string {
  return dirname(load.resolve('@kubernetes-models/istio/package.json'));
}
