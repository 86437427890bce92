import { EXIT, MeshproofError } from '../errors.ts';
import { closest, didYouMean } from './closest.ts';
import { type FieldsRead, watchReads } from './fields-read.ts';
import { type Finding, istioKinds, istioValidator } from './istio-schemas.ts';
import type { Manifest } from './manifest.ts';
import { isObject } from './merge-patch.ts';

/**
 * What Istio's 1.31 line has and the package, made of 1.29, has not: fields by kind. Their values are left to the API server.
 * Found by comparing the package with the CRDs of the pinned Istio module.
 */
const NEWER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  AuthorizationPolicy: ['trustDomains', 'notTrustDomains'],
  DestinationRule: ['http2KeepAlive', 'zoneAwareLbSetting', 'outlierDetectionHttpErrorCodes', 'budgetInterval'],
  Gateway: ['insecureSkipVerify'],
  Sidecar: ['http2KeepAlive', 'insecureSkipVerify'],
  Telemetry: ['disableContextPropagation'],
  VirtualService: ['prefixRewrite'],
};
const NEWER_KINDS: readonly string[] = ['extensions.istio.io/v1alpha1 TrafficExtension'];

/** Groups whose kinds get only the check of their outline; the API server's strict dry run judges the rest. '' is the core group. */
const OUTLINE_ONLY: readonly string[] = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'gateway.networking.k8s.io',
  'install.istio.io',
  'linkerd.io',
  'networking.k8s.io',
  'policy',
  'policy.linkerd.io',
  'rbac.authorization.k8s.io',
];

/** Fields beside apiVersion, kind and metadata; a kind that is not here has `spec` alone. */
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
 * Judges manifests without a cluster. Istio's kinds are checked against the schemas of their CRDs, closed: a field that the schema does not have is an error.
 * Other kinds are checked in outline. Rules that a schema cannot hold (Istio's CEL rules: durations, fields that need each other) are left to the server-side dry run.
 * @param source how messages call where the manifests are from, e.g. their file
 * @throws MeshproofError with code `MANIFEST_INVALID`, one line a problem: source, document, field, what is wrong with it
 */
export function validateManifests(manifests: readonly Manifest[], source: string): void {
  const problems = manifests.flatMap((manifest, index) => {
    const label = `${source}: document ${index + 1}, ${manifest.kind} ${manifest.metadata.name}`;
    return problemsOf(manifest).map((problem) => `${label}: ${problem}`);
  });
  if (problems.length > 0) throw new MeshproofError('MANIFEST_INVALID', problems.join('\n'), { exitCode: EXIT.usage });
}

function problemsOf(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  if ('status' in manifest) return ['status is for the cluster to write; leave it out'];
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  if (OUTLINE_ONLY.includes(group) || NEWER_KINDS.includes(`${apiVersion} ${kind}`)) return outlineProblems(manifest);
  const validate = istioValidator(apiVersion, kind);
  if (validate === undefined) return [unknownKind(apiVersion, kind)];
  const { result, fields } = watchReads(manifest, (watched) => (validate(watched) ? [] : (validate.errors ?? [])));
  const newer = NEWER_FIELDS[kind] ?? [];
  return [...strayFields(manifest, fields, newer), ...findings(result, manifest)];
}

function unknownKind(apiVersion: string, kind: string): string {
  const versions = istioKinds().get(kind);
  if (versions !== undefined) return `there is no ${kind} in ${apiVersion}, but in ${versions.join(', ')}`;
  const group = apiVersion.split('/')[0] ?? '';
  const groups = new Set([...istioKinds().values()].flat().map((version) => version.split('/')[0] ?? ''));
  if (!groups.has(group)) return `the group ${group} is not known${didYouMean(group, [...groups, ...OUTLINE_ONLY])}`;
  return `there is no kind ${kind} in ${apiVersion}${didYouMean(kind, istioKinds().keys())}`;
}

function outlineProblems(manifest: Manifest): string[] {
  const allowed = ['apiVersion', 'kind', 'metadata', ...(OUTLINES[manifest.kind] ?? ['spec'])];
  const problems = [
    ...Object.keys(manifest).flatMap((field) => (allowed.includes(field) ? [] : [stray(field, '', allowed)])),
    ...Object.keys(manifest.metadata).flatMap((field) => (METADATA.includes(field) ? [] : [stray(field, 'metadata', METADATA)])),
  ];
  for (const field of ['labels', 'annotations'] as const) {
    for (const [name, value] of Object.entries<unknown>(manifest.metadata[field] ?? {})) {
      if (typeof value !== 'string') problems.push(`metadata.${field}.${name} must be a text; quote it`);
    }
  }
  if ('spec' in manifest && !isObject(manifest['spec'])) problems.push('spec must be a map');
  return problems;
}

/** Objects that the validator did not look into have no schema (e.g. an Envoy configuration), so they stay open. */
function strayFields(value: unknown, fields: FieldsRead, newer: readonly string[], path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => strayFields(item, fields, newer, `${path}[${index}]`));
  if (!isObject(value)) return [];
  const known = fields.get(value);
  if (known === undefined) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const below = path === '' ? field : `${path}.${field}`;
    if (!known.has(field)) return newer.includes(field) ? [] : [stray(field, path, [...known])];
    if (inner === null) return [`${below} is null, which the API server drops; leave it out`];
    return strayFields(inner, fields, newer, below);
  });
}

function stray(field: string, path: string, known: readonly string[]): string {
  const near = closest(field, known);
  const instead = near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`;
  return `${path === '' ? '' : `${path}.`}${field} does not exist${instead}`;
}

const CHOICES: readonly string[] = ['oneOf', 'anyOf', 'not'];

function findings(errors: readonly Finding[], manifest: Manifest): string[] {
  const chosen = new Set(errors.filter(({ keyword }) => CHOICES.includes(keyword)).map(({ instancePath }) => instancePath));
  const said = errors.flatMap((error) => {
    // Where one of several alternatives must be met, what each misses is only noise.
    if (error.keyword === 'required' && chosen.has(error.instancePath)) return [];
    const { path, value } = find(manifest, error.instancePath);
    return [sentence(error, path, value)];
  });
  return [...new Set(said)];
}

function sentence({ keyword, params }: Finding, path: string, value: unknown): string {
  const at = path === '' ? 'the document' : path;
  const shown = JSON.stringify(value);
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    const allowed = params['allowedValues'].map(String);
    return `${at} is ${shown}, which is none of ${allowed.join(', ')}${didYouMean(String(value), allowed)}`;
  }
  if (keyword === 'required') return `${at} lacks ${String(params['missingProperty'])}`;
  if (keyword === 'type') return `${at} is ${shown}, but must be of type ${String(params['type'])}`;
  if (CHOICES.includes(keyword)) {
    const present = isObject(value) ? Object.keys(value).join(', ') || 'nothing' : shown;
    return `${at} sets ${present}: they exclude each other, or one more is needed`;
  }
  const limit = Object.values(params).map(String).join(' ');
  return `${at} is ${shown}, which breaks its ${keyword}${limit === '' ? '' : ` (${limit})`}`;
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
