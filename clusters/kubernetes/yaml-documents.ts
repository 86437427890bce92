import { readFile } from 'node:fs/promises';

import { LineCounter, type Document, type ParsedNode, type Scalar, isAlias, isMap, isScalar, parseAllDocuments, visit } from 'yaml';

import { EXIT, MeshproofError, causeOf } from '../errors.ts';
import { didYouMean } from './closest.ts';

/** Values for `$(NAME)` placeholders. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

/** One document of a file, which can report errors with positions. */
export interface YamlDocument {
  content: Record<string, unknown>;
  /** An error about the node at that path, or about its nearest existing ancestor. */
  error(path: readonly (string | number)[], message: string): MeshproofError;
}

/** `$(NAME)`, and `$$(NAME)` for a literal one, as in the arguments of Kubernetes containers. */
const PLACEHOLDER = /\$(\$?)\(([A-Za-z_][A-Za-z0-9_]*)\)/g;

/**
 * Reads a YAML file of one or more documents, each a mapping; empty documents are skipped. A scalar that consists only of an unquoted
 * placeholder takes the variable's type; any other placeholder is inserted as text.
 * @throws MeshproofError with code `MANIFEST_UNREADABLE` or `MANIFEST_INVALID`; the message begins with file:line:column
 */
export async function readDocuments(file: string, variables: Variables): Promise<YamlDocument[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new MeshproofError('MANIFEST_UNREADABLE', `${file} could not be read: ${causeOf(error)}`, { cause: error, exitCode: EXIT.usage });
  }
  return parseDocuments(text, file, variables);
}

/** Like `readDocuments`, for a given text; `source` is its name in messages. */
function parseDocuments(text: string, source: string, variables: Variables): YamlDocument[] {
  const lines = new LineCounter();
  const invalid = (offset: number, message: string, cause?: unknown): MeshproofError => {
    const { line, col } = lines.linePos(offset);
    return new MeshproofError('MANIFEST_INVALID', `${source}:${line}:${col}: ${message}`, { cause, exitCode: EXIT.usage });
  };
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document) => {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw invalid(problem.pos[0], problem.message, problem);
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return [];
    substitute(document, variables, invalid);
    if (!isMap(document.contents)) throw invalid(document.contents.range[0], 'a document must be a mapping');
    const content: Record<string, unknown> = document.toJS();
    return [{ content, error: (path, message) => invalid(offsetOf(document, path), message) }];
  });
}

type Invalid = (offset: number, message: string) => MeshproofError;

function substitute(document: Document.Parsed, variables: Variables, invalid: Invalid): void {
  visit(document, {
    Scalar(_key, node: Scalar) {
      if (typeof node.value !== 'string') return;
      const offset = node.range?.[0] ?? 0;
      const text = node.value;
      const valueOf = (name: string): string | number | boolean => {
        const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
        if (value !== undefined) return value;
        const names = Object.keys(variables);
        const known = names.length === 0 ? 'there are no variables here' : `the variables are ${names.join(', ')}`;
        throw invalid(offset, `$(${name}) is unknown; ${known}${didYouMean(name, names)}`);
      };
      const [whole, escape, name = ''] = new RegExp(`^${PLACEHOLDER.source}$`).exec(text) ?? [];
      if (whole !== undefined && escape === '' && node.type === 'PLAIN') {
        node.value = valueOf(name);
        return;
      }
      node.value = text.replaceAll(PLACEHOLDER, (all, escaped: string, inner: string) =>
        escaped === '' ? String(valueOf(inner)) : all.slice(1),
      );
    },
  });
}

function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if ((isScalar(node) || isMap(node) || isAlias(node)) && node.range) return node.range[0];
  }
  const contents: ParsedNode | null = document.contents;
  return contents?.range[0] ?? 0;
}
