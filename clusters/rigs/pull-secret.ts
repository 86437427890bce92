import { MeshproofError } from '../errors.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';

/** Image pull credentials: the content of a Secret, which is copied to every namespace with pods. */
export interface PullCredentials {
  type: string;
  data: Record<string, string>;
}

/** The name of the copies. */
const NAME = 'meshproof-pull';
const TYPES: readonly unknown[] = ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg'];

/** Fields of a service account, or of a pod with another account, that use the credentials; empty without credentials. */
export function pullingWith(credentials: PullCredentials | undefined): { imagePullSecrets?: { name: string }[] } {
  return credentials === undefined ? {} : { imagePullSecrets: [{ name: NAME }] };
}

/** The copy for a namespace; none without credentials. */
export function pullSecretIn(namespace: string, credentials: PullCredentials | undefined): Manifest[] {
  return credentials === undefined ? [] : [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME, namespace }, ...credentials }];
}

/** Whether an object is such a copy, which reports must omit. */
export function isPullSecret({ kind, metadata }: Manifest): boolean {
  return kind === 'Secret' && metadata.name === NAME;
}

/**
 * Reads the Secret `namespace/name`.
 * @throws MeshproofError `PULL_SECRET_UNFIT` if it does not exist or has another type; ApiRefusal if it may not be read
 */
export async function readPullSecret(api: ObjectApi, path: string, signal?: AbortSignal): Promise<PullCredentials> {
  const [namespace = '', name = ''] = path.split('/');
  const secret = await api.get<LiveObject & Partial<PullCredentials>>({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal);
  const { type, data } = secret ?? {};
  if (type !== undefined && data !== undefined && TYPES.includes(type)) return { type, data };
  const why = secret === undefined ? 'does not exist' : `is of type ${type ?? 'Opaque'}`;
  throw new MeshproofError('PULL_SECRET_UNFIT', `the Secret ${path} ${why}, so nodes cannot pull images with it`, {
    hint: 'kubectl create secret docker-registry creates one that fits; name it with --pull-secret=NAMESPACE/NAME',
  });
}

/** The credentials that a rig was created with, if any. */
export async function pullCredentialsOf(api: ObjectApi, rig: string, signal?: AbortSignal): Promise<PullCredentials | undefined> {
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: rig, name: NAME };
  const secret = await api.get<LiveObject & PullCredentials>(ref, signal);
  return secret === undefined ? undefined : { type: secret.type, data: secret.data };
}
