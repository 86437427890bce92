import type { ErrorObject } from 'ajv';

import { EXIT, MeshproofError } from '../errors.ts';
import { closest, didYouMean } from './closest.ts';
import type { KindSchemas } from './kind-schemas.ts';
import type { Manifest } from './manifest.ts';
import { isObject } from './merge-patch.ts';

/** Groups of which only the top-level fields are validated; the API server's strict dry run validates the rest. '' is the core group. */
const OUTLINE_ONLY: readonly string[] = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'gateway.networking.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
];

/** Top-level fields in addition to apiVersion, kind and metadata; kinds that are not listed have only `spec`. */
const OUTLINES: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['data', 'binaryData', 'immutable'],
  Secret: ['data', 'stringData', 'type', 'immutable'],
  ServiceAccount: ['automountServiceAccountToken', 'imagePullSecrets', 'secrets'],
  Role: ['rules'],
  ClusterRole: ['rules', 'aggregationRule'],
  RoleBinding: ['roleRef', 'subjects'],
  ClusterRoleBinding: ['roleRef', 'subjects'],
};
const METADATA: readonly string[] = ['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences'];

/**
 * Validates manifests without a cluster. A mesh's own kinds are validated against closed schemas generated from their definitions: an
 * unknown field is an error. For other kinds only the top-level fields are validated. Rules that a schema cannot express (CEL rules:
 * durations, fields that depend on each other) are left to the server-side dry run.
 * @param source the name of the manifests' origin in messages, e.g. their file
 * @param mesh the schemas of the mesh's kinds
 * @throws MeshproofError with code `MANIFEST_INVALID` and one line for each problem: source, document, field, what is wrong
 */
export function validateManifests(manifests: readonly Manifest[], source: string, mesh: KindSchemas): void {
  const problems = manifests.flatMap((manifest, index) => {
    const label = `${source}: document ${index + 1}, ${manifest.kind} ${manifest.metadata.name}`;
    return problemsOf(manifest, mesh).map((problem) => `${label}: ${problem}`);
  });
  if (problems.length > 0) throw new MeshproofError('MANIFEST_INVALID', problems.join('\n'), { exitCode: EXIT.usage });
}

function problemsOf(manifest: Manifest, mesh: KindSchemas): string[] {
  const { apiVersion, kind } = manifest;
  if ('status' in manifest) return ['status is for the cluster to write; omit it'];
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  if ([...OUTLINE_ONLY, ...mesh.groupsWithout].includes(group)) return [...outlineProblems(manifest), ...metadataProblems(manifest)];
  const errors = mesh.errorsOf(apiVersion, kind, manifest);
  if (errors === undefined) return [unknownKind(apiVersion, kind, mesh)];
  return [...findings(errors, manifest), ...metadataProblems(manifest)];
}

function unknownKind(apiVersion: string, kind: string, { kinds, groupsWithout }: KindSchemas): string {
  const versions = kinds.get(kind);
  if (versions !== undefined) return `there is no ${kind} in ${apiVersion}; it is in ${versions.join(', ')}`;
  const group = apiVersion.split('/')[0] ?? '';
  const groups = new Set([...kinds.values()].flat().map((version) => version.split('/')[0] ?? ''));
  if (!groups.has(group)) return `the group ${group} is unknown${didYouMean(group, [...groups, ...groupsWithout, ...OUTLINE_ONLY])}`;
  return `there is no kind ${kind} in ${apiVersion}${didYouMean(kind, kinds.keys())}`;
}

function outlineProblems(manifest: Manifest): string[] {
  const allowed = ['apiVersion', 'kind', 'metadata', ...(OUTLINES[manifest.kind] ?? ['spec'])];
  const problems = Object.keys(manifest).flatMap((field) => (allowed.includes(field) ? [] : [stray(field, '', allowed)]));
  if ('spec' in manifest && !isObject(manifest['spec'])) problems.push('spec must be a mapping');
  return problems;
}

function metadataProblems({ metadata }: Manifest): string[] {
  const problems = Object.keys(metadata).flatMap((field) => (METADATA.includes(field) ? [] : [stray(field, 'metadata', METADATA)]));
  for (const field of ['labels', 'annotations'] as const) {
    for (const [name, value] of Object.entries<unknown>(metadata[field] ?? {})) {
      if (typeof value !== 'string') problems.push(`metadata.${field}.${name} must be a string; quote it`);
    }
  }
  return problems;
}

function stray(field: string, path: string, known: readonly string[]): string {
  const near = closest(field, known);
  const instead = near === undefined ? `; the fields are ${known.join(', ')}` : `; did you mean ${near}?`;
  return `${path === '' ? '' : `${path}.`}${field} does not exist${instead}`;
}

const CHOICES: readonly string[] = ['oneOf', 'anyOf', 'not'];

function findings(errors: readonly ErrorObject[], manifest: Manifest): string[] {
  const chosen = new Set(errors.filter(({ keyword }) => CHOICES.includes(keyword)).map(({ instancePath }) => instancePath));
  const said = errors.flatMap((error) => {
    // When one of several alternatives must match, the fields that each one lacks would only be noise.
    if (error.keyword === 'required' && chosen.has(error.instancePath)) return [];
    const { path, value } = find(manifest, error.instancePath);
    return [sentence(error, path, value)];
  });
  return [...new Set(said)];
}

function sentence({ keyword, params, parentSchema }: ErrorObject, path: string, value: unknown): string {
  if (value === null) return `${path} is null, which the API server drops; omit it`;
  if (keyword === 'additionalProperties')
    return stray(String(params['additionalProperty']), path, Object.keys(parentSchema?.['properties'] ?? {}));
  const at = path === '' ? 'the document' : path;
  const shown = JSON.stringify(value);
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    const allowed = params['allowedValues'].map(String);
    return `${at} is ${shown}, which is not one of ${allowed.join(', ')}${typeof value === 'string' ? didYouMean(value, allowed) : ''}`;
  }
  if (keyword === 'required') return `${at} lacks ${String(params['missingProperty'])}`;
  if (keyword === 'type') return `${at} is ${shown}, but must be of type ${String(params['type'])}`;
  if (CHOICES.includes(keyword)) {
    const present = isObject(value) ? Object.keys(value).join(', ') || 'nothing' : shown;
    return `${at} sets ${present}: they exclude each other, or one more is needed`;
  }
  const limit = Object.values(params).map(String).join(' ');
  return `${at} is ${shown}, which violates its ${keyword}${limit === '' ? '' : ` (${limit})`}`;
}

function find(root: unknown, pointer: string): { path: string; value: unknown } {
  let path = '';
  let value = root;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    path += Array.isArray(value) ? `[${name}]` : path === '' ? name : `.${name}`;
    value = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
  }
  return { path, value };
}
