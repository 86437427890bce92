import { isDeepStrictEqual } from 'node:util';

import { EXIT, MeshproofError } from '../errors.ts';
import { didYouMean } from './closest.ts';
import type { Manifest } from './manifest.ts';
import { isObject, mergePatch } from './merge-patch.ts';
import { type Variables, type YamlDocument, readDocuments } from './yaml-documents.ts';

/** A change that a control makes: a JSON merge patch for the manifest of the same kind and name, or an object to delete or add. */
export interface ControlDocument {
  /** Optional, except for an added object. */
  apiVersion?: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  $patch?: 'delete' | 'add';
  [field: string]: unknown;
}

/**
 * Reads the objects of a manifest file.
 * @param variables values for `$(NAME)`; `$$(NAME)` stands for a literal `$(NAME)`
 * @throws MeshproofError with code `MANIFEST_UNREADABLE` or `MANIFEST_INVALID`; the message begins with file:line:column
 */
export async function readManifests(file: string, variables: Variables): Promise<Manifest[]> {
  const seen = new Set<string>();
  return (await readDocuments(file, variables)).map((document) => {
    const { content } = document;
    const manifest: Manifest = {
      ...content,
      apiVersion: text(document, 'apiVersion'),
      kind: text(document, 'kind'),
      metadata: metadata(document),
    };
    const id = JSON.stringify([manifest.apiVersion, manifest.kind, manifest.metadata.namespace, manifest.metadata.name]);
    if (seen.has(id)) throw document.error(['metadata', 'name'], `${manifest.kind} ${manifest.metadata.name} occurs twice`);
    seen.add(id);
    return manifest;
  });
}

/** Reads a control file; errors as in `readManifests`. */
export async function readControl(file: string, variables: Variables): Promise<ControlDocument[]> {
  return (await readDocuments(file, variables)).map((document) => {
    const { content } = document;
    const control: ControlDocument = { ...content, kind: text(document, 'kind'), metadata: metadata(document) };
    const { $patch: directive } = control;
    if (directive !== undefined && directive !== 'delete' && directive !== 'add') {
      throw document.error(['$patch'], `$patch must be "delete", "add" or absent, not ${JSON.stringify(directive)}`);
    }
    if (directive === 'add') text(document, 'apiVersion');
    return control;
  });
}

/**
 * Applies a control to manifests, and returns the result without changing its input.
 * @param source the name of the control in messages, e.g. its file
 * @throws MeshproofError with code `CONTROL_INVALID` for a document that matches no manifest, or several, or that changes nothing: such a
 * control would prove nothing
 */
export function applyControl(manifests: readonly Manifest[], controls: readonly ControlDocument[], source = 'the control'): Manifest[] {
  if (controls.length === 0) throw invalid(source, 'it contains no document, so it breaks nothing');
  let broken = [...manifests];
  for (const control of controls) {
    const { $patch: directive, ...patch } = control;
    const label = `${control.kind} ${control.metadata.name}`;
    const matches = broken.filter((manifest) => isMeant(control, manifest));
    const [target] = matches;
    if (directive === 'add') {
      if (target !== undefined) throw invalid(source, `${label} cannot be added: it already exists`);
      if (control.apiVersion === undefined) throw invalid(source, `${label} is added, so it needs an apiVersion`);
      broken.push({ ...patch, apiVersion: control.apiVersion, kind: control.kind, metadata: control.metadata });
      continue;
    }
    if (target === undefined) throw invalid(source, `${label} matches no manifest${others(control, broken)}`);
    if (matches.length > 1) throw invalid(source, `${label} matches ${matches.length} manifests; give its apiVersion or namespace`);
    if (directive === 'delete') {
      const extra = Object.keys(patch).filter((field) => !['apiVersion', 'kind', 'metadata'].includes(field));
      if (extra.length > 0) throw invalid(source, `${label} is deleted, so its ${extra.join(', ')} would be ignored`);
      broken = broken.filter((manifest) => manifest !== target);
      continue;
    }
    const merged = merge(target, patch);
    if (isDeepStrictEqual(merged, target)) throw invalid(source, `${label} changes nothing`);
    broken = broken.map((manifest) => (manifest === target ? merged : manifest));
  }
  return broken;
}

function isMeant({ apiVersion, kind, metadata }: ControlDocument, manifest: Manifest): boolean {
  return (
    kind === manifest.kind &&
    metadata.name === manifest.metadata.name &&
    (apiVersion === undefined || apiVersion === manifest.apiVersion) &&
    (metadata.namespace === undefined || metadata.namespace === manifest.metadata.namespace)
  );
}

/** The identifying fields were matched, so they are kept as they are. */
function merge(target: Manifest, patch: object): Manifest {
  const merged = mergePatch(target, patch);
  const { apiVersion, kind, metadata } = target;
  if (!isObject(merged) || !isObject(merged['metadata'])) return target;
  return { ...merged, apiVersion, kind, metadata: { ...merged['metadata'], name: metadata.name } };
}

function others({ kind, metadata: { name } }: ControlDocument, manifests: readonly Manifest[]): string {
  const labels = manifests.map((manifest) => `${manifest.kind} ${manifest.metadata.name}`);
  if (labels.length === 0) return '; there are none';
  return `; there are ${labels.join(', ')}${didYouMean(`${kind} ${name}`, labels)}`;
}

function invalid(source: string, message: string): MeshproofError {
  return new MeshproofError('CONTROL_INVALID', `${source}: ${message}`, { exitCode: EXIT.usage });
}

function text(document: YamlDocument, field: 'apiVersion' | 'kind'): string {
  const value = document.content[field];
  if (typeof value === 'string' && value !== '') return value;
  throw document.error([field], value === undefined ? `the document has no ${field}` : `${field} must be a string`);
}

function metadata(document: YamlDocument): Manifest['metadata'] {
  const { metadata } = document.content;
  if (!isObject(metadata))
    throw document.error(['metadata'], metadata === undefined ? 'the document has no metadata' : 'metadata must be a mapping');
  const { name, namespace } = metadata;
  if (typeof name !== 'string' || name === '')
    throw document.error(['metadata', 'name'], name === undefined ? 'metadata has no name' : 'metadata.name must be a string');
  if (namespace !== undefined && typeof namespace !== 'string')
    throw document.error(['metadata', 'namespace'], 'metadata.namespace must be a string');
  return { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) };
}
