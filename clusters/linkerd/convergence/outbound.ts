import { isObject } from '../../kubernetes/merge-patch.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { Caller } from '../../mesh/adapter.ts';
import type { Manifest } from '../../kubernetes/manifest.ts';
import { shows, type Marker } from './marks.ts';

/** A marker to request through one caller's proxy. */
interface Question {
  marker: Marker;
  caller: Caller;
}

/** Follows the outbound sides of callers' proxies until they apply routes and profiles, or have forgotten them. */
export class OutboundSides {
  readonly #acting: boolean;
  #behind: readonly Question[];

  constructor(markers: readonly Marker[], callers: readonly Caller[], after: 'applied' | 'removed') {
    this.#behind = markers.flatMap((marker) =>
      callers
        .filter(({ pod }) => marker.within === undefined || marker.within === pod.namespace)
        .map((caller): Question => ({ marker, caller })),
    );
    this.#acting = after === 'applied';
  }

  /** Requests the markers that were missing so far. No response leaves the state unknown. */
  async haveConverged(signal?: AbortSignal): Promise<boolean> {
    const looks = this.#behind.map(async (question) => {
      const { marker, caller } = question;
      const answer = await caller.get(`${marker.host}:${marker.port}`, marker.path, signal).catch(() => undefined);
      return answer !== undefined && shows(marker, answer) === this.#acting ? [] : [question];
    });
    this.#behind = (await Promise.all(looks)).flat();
    return this.#behind.length === 0;
  }

  /** Describes which objects have no effect where. */
  lacking(): string[] {
    const byObject = Map.groupBy(this.#behind, ({ marker }) => marker.of);
    const verb = this.#acting ? 'has no effect' : 'still acts';
    return [...byObject].map(
      ([of, questions]) => `${of} ${verb} in the proxies of ${[...new Set(questions.map(({ caller }) => caller.pod.name))].join(', ')}`,
    );
  }
}

/** Describes the conditions of the routes among the objects: whether the control plane accepted each, or why not. */
export async function conditionsOf(
  access: ClusterAccess,
  objects: readonly Manifest[],
  namespace: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const routes = objects.filter(({ kind }) => kind === 'HTTPRoute');
  const said = routes.map(async (route) => {
    const live = await access.get(route, route.metadata.namespace ?? namespace, signal).catch(() => undefined);
    const status = isObject(live?.['status']) ? live['status'] : {};
    const parents = Array.isArray(status['parents']) ? status['parents'].filter(isObject) : [];
    const conditions = parents.flatMap(({ conditions: list }) => (Array.isArray(list) ? list.filter(isObject) : []));
    const words = conditions.map(({ type, status: state, reason }) => `${String(type)} ${String(state)} (${String(reason)})`);
    return `${route.kind} ${route.metadata.name}: ${words.join(', ') || 'no condition'}`;
  });
  return await Promise.all(said);
}
