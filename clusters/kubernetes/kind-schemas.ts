import { readFileSync } from 'node:fs';

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

/** A JSON schema, as far as it is made here. */
export type Schema = { [keyword: string]: unknown };

/** What a file of schemas holds. */
export interface SchemaFile {
  /** Where they are from. */
  from: string;
  kinds: readonly { kind: string; versions: readonly string[]; schema: Schema }[];
}

/** The schemas of a mesh's kinds, read from a file that was made of their definitions, and compiled when they are first asked for. */
export class KindSchemas {
  /** Groups of the mesh whose kinds have no schema here. */
  readonly groupsWithout: readonly string[];
  readonly file: string;
  readonly #ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
  readonly #compiled = new Map<Schema, ValidateFunction>();
  #read: SchemaFile['kinds'] | undefined;

  constructor(file: string, groupsWithout: readonly string[]) {
    this.file = file;
    this.groupsWithout = groupsWithout;
  }

  /** Kinds with the API versions in which each is served. */
  get kinds(): ReadonlyMap<string, readonly string[]> {
    const all = Map.groupBy(this.#kinds, ({ kind }) => kind);
    return new Map([...all].map(([kind, entries]) => [kind, entries.flatMap(({ versions }) => versions)]));
  }

  /** Each kind in its newest version. */
  get newest(): (readonly [apiVersion: string, kind: string])[] {
    return [...this.kinds].map(([kind, versions]) => [versions.toSorted().at(-1) ?? '', kind] as const);
  }

  /**
   * What is wrong with a value.
   * @returns undefined when there is no such kind in that version
   */
  errorsOf(apiVersion: string, kind: string, value: unknown): readonly ErrorObject[] | undefined {
    const schema = this.#kinds.find((one) => one.kind === kind && one.versions.includes(apiVersion))?.schema;
    if (schema === undefined) return undefined;
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile(schema);
    this.#compiled.set(schema, validate);
    return validate(value) ? [] : (validate.errors ?? []);
  }

  get #kinds(): SchemaFile['kinds'] {
    if (this.#read === undefined) {
      const { kinds }: SchemaFile = JSON.parse(readFileSync(this.file, 'utf8'));
      this.#read = kinds;
    }
    return this.#read;
  }
}
