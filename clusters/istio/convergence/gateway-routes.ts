import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { Istiod } from '../istiod.ts';
import { type SeenOptions, notApplied } from './store.ts';
import { untilIstiod } from './until-istiod.ts';

const GROUP = 'gateway.networking.k8s.io';
/** Names the objects that istiod derived this one from: `<kind>/<name>.<namespace>`, separated by commas. */
const PARENTS = 'internal.istio.io/parents';

interface Condition {
  type?: string;
  status?: string;
  message?: string;
  observedGeneration?: number;
}

/** The status of a route, as written by each controller. */
interface RouteStatus {
  parents?: { controllerName?: string; conditions?: Condition[] }[];
}

/**
 * Returns when istiod has derived its own configuration from the Gateway API's routes among the objects, or has dropped what it derived.
 *
 * Its store does not contain routes, but the derived virtual services, which carry no version. The version is in the route's status, which
 * istiod computes at the same time. Of several istiods only the leader writes the status, so in addition all of them must have derived the
 * configuration.
 * @throws MeshproofError with code `NOT_APPLIED`, `TIMED_OUT` (names the routes), or the signal's reason
 */
export async function untilIstiodHasRouted(access: ClusterAccess, istiod: Istiod, options: SeenOptions): Promise<void> {
  const { objects, after, namespace, timeoutMs, everyMs, signal } = options;
  const routes = objects.filter(({ apiVersion, kind }) => apiVersion.startsWith(`${GROUP}/`) && kind.endsWith('Route'));
  if (routes.length === 0) return;
  const named = routes.map((route) => ({ route, name: nameOf(route, namespace) }));
  for (const { route, name } of named) {
    if (after === 'applied' && (await access.get(route, namespace, signal)) === undefined) throw notApplied(name);
  }
  let missing: string[] = [];
  const look = async (): Promise<boolean> => {
    const derived = (await istiod.configurations(signal)).map((store) => store.filter(isDerived));
    const found = await Promise.all(
      named.map(async ({ route, name }) => {
        const own = derived.map((store) => JSON.stringify(store.filter((one) => parentsOf(one).includes(name)).map(specOf)));
        if (after === 'removed') return own.every((text) => text === '[]');
        const live = await access.get(route, namespace, signal);
        return live !== undefined && isTaken(live) && new Set(own).size === 1;
      }),
    );
    missing = named.filter((_, index) => found[index] !== true).map(({ name }) => name);
    return missing.length === 0;
  };
  const what = after === 'removed' ? 'istiod to drop routes' : 'istiod to accept routes';
  const verb = after === 'removed' ? 'still acts on' : 'has not written the status of';
  const hint = 'a route is accepted only if its parent belongs to this mesh; see its status';
  await untilIstiod(look, { what, lacks: () => `${verb} ${missing.join(', ')}`, hint, timeoutMs, everyMs, signal });
}

const nameOf = ({ kind, metadata }: Manifest, namespace: string): string => `${kind}/${metadata.name}.${metadata.namespace ?? namespace}`;

const isDerived = ({ metadata }: Manifest): boolean => parentsOf({ metadata }).length > 0;

function parentsOf({ metadata }: Pick<Manifest, 'metadata'>): string[] {
  return (metadata.annotations?.[PARENTS] ?? '').split(',').filter((name) => name !== '');
}

const specOf = ({ metadata, spec }: Manifest & { spec?: unknown }): unknown => [metadata.name, spec];

/** Whether Istio has processed this generation of the route for each parent that it handles. */
function isTaken({ metadata, status }: Manifest & { status?: RouteStatus }): boolean {
  const ours = (status?.parents ?? []).filter(({ controllerName = '' }) => controllerName.startsWith('istio.io/'));
  const conditions = ours.flatMap(({ conditions = [] }) => conditions);
  const generation = Number(metadata['generation']);
  return conditions.length > 0 && conditions.every(({ observedGeneration = 0 }) => observedGeneration >= generation);
}
