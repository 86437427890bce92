import { readFileSync } from 'node:fs';

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

/** A JSON schema, with the keywords that are used here. */
export type Schema = { [keyword: string]: unknown };

/** The content of a schema file. */
export interface SchemaFile {
  /** Their source. */
  from: string;
  kinds: readonly { kind: string; versions: readonly string[]; schema: Schema }[];
}

/** The schemas of a mesh's kinds, read from a generated file and compiled on first use. */
export class KindSchemas {
  /** API groups of the mesh whose kinds have no schema. */
  readonly groupsWithout: readonly string[];
  readonly file: string;
  readonly #ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
  readonly #compiled = new Map<Schema, ValidateFunction>();
  #read: SchemaFile['kinds'] | undefined;

  constructor(file: string, groupsWithout: readonly string[]) {
    this.file = file;
    this.groupsWithout = groupsWithout;
  }

  /** Kinds with the API versions that serve them. */
  get kinds(): ReadonlyMap<string, readonly string[]> {
    const all = Map.groupBy(this.#kinds, ({ kind }) => kind);
    return new Map([...all].map(([kind, entries]) => [kind, entries.flatMap(({ versions }) => versions)]));
  }

  /** Each kind with its newest version. */
  get newest(): (readonly [apiVersion: string, kind: string])[] {
    return [...this.kinds].map(([kind, versions]) => [versions.toSorted().at(-1) ?? '', kind] as const);
  }

  /**
   * The validation errors of a value.
   * @returns undefined if there is no such kind in that version
   */
  errorsOf(apiVersion: string, kind: string, value: unknown): readonly ErrorObject[] | undefined {
    const schema = this.schemaOf(apiVersion, kind);
    if (schema === undefined) return undefined;
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile(schema);
    this.#compiled.set(schema, validate);
    return validate(value) ? [] : (validate.errors ?? []);
  }

  /** The schema of a kind; undefined if there is no such kind in that version. */
  schemaOf(apiVersion: string, kind: string): Schema | undefined {
    return this.#kinds.find((one) => one.kind === kind && one.versions.includes(apiVersion))?.schema;
  }

  get #kinds(): SchemaFile['kinds'] {
    if (this.#read === undefined) {
      const { kinds }: SchemaFile = JSON.parse(readFileSync(this.file, 'utf8'));
      this.#read = kinds;
    }
    return this.#read;
  }
}
