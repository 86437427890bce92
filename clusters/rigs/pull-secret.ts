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
/** The types of Secret that nodes pull with, and the only key of each that they read. */
const KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

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
 * Reads what nodes need of the Secret `namespace/name`. It may contain more, which is not for everyone who can read a rig.
 * @throws MeshproofError `PULL_SECRET_UNFIT` if it does not exist, has another type or lacks the key; ApiRefusal if it may not be read
 */
export async function readPullSecret(api: ObjectApi, path: string, signal?: AbortSignal): Promise<PullCredentials> {
  const [namespace = '', name = ''] = path.split('/');
  const secret = await api.get<LiveObject & Partial<PullCredentials>>({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal);
  const { type, data } = secret ?? {};
  const key = KEYS[type ?? ''];
  const value = key === undefined ? undefined : data?.[key];
  if (type !== undefined && key !== undefined && value !== undefined) return { type, data: { [key]: value } };
  const why = secret === undefined ? 'does not exist' : key === undefined ? `is of type ${type ?? 'Opaque'}` : `has no ${key}`;
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
