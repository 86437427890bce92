import { MeshproofError } from '../../errors.ts';
import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { Istiod } from '../istiod.ts';
import { untilIstiod } from './until-istiod.ts';

/**
 * The API groups whose objects are in istiod's store, which its debug page shows. Other objects, except for Services, do not pass through
 * it; for the Gateway API's routes see `gateway-routes.ts`.
 */
const STORED_GROUPS: ReadonlySet<string> = new Set([
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
  'extensions.istio.io',
]);

/** The identity of an object, independent of its API version. */
interface StoredName {
  text: string;
  key: string;
  service: boolean;
}

export interface SeenOptions {
  objects: readonly Manifest[];
  after: 'applied' | 'removed';
  /** Namespace of objects that do not name one. */
  namespace: string;
  timeoutMs: number;
  everyMs: number;
  signal?: AbortSignal;
}

/**
 * Returns when the store of each istiod contains the objects in the versions that the API server has now, or no longer lists them. Kinds
 * reach istiod through separate watches, so a later object of another kind proves nothing about an earlier one. Objects that istiod does
 * not store (a Deployment, a ConfigMap, a Secret) are skipped.
 * @throws MeshproofError with code `NOT_APPLIED` (the API server has no such object), `TIMED_OUT` (with `ISTIOD_UNREACHABLE` as its cause
 * if it was that), `ISTIOD_FORBIDDEN`, or the signal's reason
 */
export async function untilIstiodHasSeen(access: ClusterAccess, istiod: Istiod, options: SeenOptions): Promise<void> {
  const { objects, after, namespace, timeoutMs, everyMs, signal } = options;
  const wanted = objects.flatMap((object) => {
    const name = storedName(object, namespace);
    return name === undefined ? [] : [{ object, name }];
  });
  if (wanted.length === 0) return;
  const versions = await Promise.all(
    wanted.map(async ({ object, name }) => (after === 'removed' ? '' : await appliedVersion(access, object, namespace, name.text, signal))),
  );
  let missing: string[] = wanted.map(({ name }) => name.text);
  let refused: MeshproofError | undefined;
  const look = async (): Promise<boolean> => {
    const stores = await storedVersions(istiod, wanted, namespace, signal).catch((error: unknown) => {
      // `until` treats errors as "not yet", but this one is permanent.
      if (!(error instanceof MeshproofError) || error.code !== 'ISTIOD_FORBIDDEN') throw error;
      refused = error;
      return [];
    });
    if (refused !== undefined) return true;
    missing = wanted
      .filter(({ name }, index) =>
        stores.some((store) => {
          const version = store.get(name.key);
          return after === 'removed' ? version !== undefined : version === undefined || !isAsNew(version, versions[index] ?? '');
        }),
      )
      .map(({ name }) => name.text);
    return missing.length === 0;
  };
  const what = after === 'removed' ? 'istiod to forget what was removed' : 'istiod to see what was applied';
  const verb = after === 'removed' ? 'still lists' : 'does not list the current';
  const hint = 'a revision label, a discovery selector or a missing CRD can hide objects from istiod; see its log';
  await untilIstiod(look, { what, lacks: () => `${verb} ${missing.join(', ')}`, hint, timeoutMs, everyMs, signal });
  if (refused !== undefined) throw refused;
}

function storedName(object: Manifest, namespace: string): StoredName | undefined {
  const { apiVersion, kind, metadata } = object;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const service = group === '' && kind === 'Service';
  if (!service && !STORED_GROUPS.has(group)) return undefined;
  const place = metadata.namespace ?? namespace;
  return { text: `${kind} ${place}/${metadata.name}`, key: [group, kind, place, metadata.name].join('|'), service };
}

async function appliedVersion(
  access: ClusterAccess,
  object: Manifest,
  namespace: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const given = object.metadata['resourceVersion'];
  if (typeof given === 'string' && given !== '') return given;
  const stored = await access.get(object, namespace, signal);
  const version = stored?.metadata['resourceVersion'];
  if (typeof version === 'string') return version;
  throw notApplied(name);
}

export const notApplied = (name: string): MeshproofError =>
  new MeshproofError('NOT_APPLIED', `${name} is not in the cluster, so no proxy can enforce it`, { hint: 'apply it first' });

async function storedVersions(
  istiod: Istiod,
  wanted: readonly { name: StoredName }[],
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>[]> {
  const stores: Map<string, string>[] = [];
  const keep = (index: number, name: StoredName | undefined, version: string): void => {
    if (name !== undefined) (stores[index] ??= new Map<string, string>()).set(name.key, version);
  };
  if (wanted.some(({ name }) => !name.service)) {
    for (const [index, configurations] of (await istiod.configurations(signal)).entries()) {
      stores[index] ??= new Map<string, string>();
      for (const object of configurations) {
        keep(
          index,
          storedName(object, namespace),
          typeof object.metadata['resourceVersion'] === 'string' ? object.metadata['resourceVersion'] : '',
        );
      }
    }
  }
  if (wanted.some(({ name }) => name.service)) {
    for (const [index, services] of (await istiod.services(signal)).entries()) {
      stores[index] ??= new Map<string, string>();
      for (const { ResourceVersion = '', Attributes = {} } of services) {
        if (Attributes.ServiceRegistry !== 'Kubernetes' || Attributes.Name === undefined) continue;
        const metadata = { name: Attributes.Name, namespace: Attributes.Namespace ?? '' };
        keep(index, storedName({ apiVersion: 'v1', kind: 'Service', metadata }, namespace), ResourceVersion);
      }
    }
  }
  return stores;
}

/**
 * Resource versions of one kind are ordered decimal numbers (Kubernetes 1.35 guarantees it, and etcd's revisions always were). A newer one
 * will do: a status update in the meantime does not change the spec.
 */
function isAsNew(version: string, wanted: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(wanted)) return version === wanted;
  return BigInt(version) >= BigInt(wanted);
}
