import type { Manifest } from '../../kubernetes/manifest.ts';
import { ASSUMPTIONS, type Assumption } from '../../mesh/assumptions.ts';
import type { Circumstances } from '../../mesh/circumstances.ts';
import { neighbourOf, unmeshedOf } from '../../rigs/rig.ts';
import { opaqueOf, RULES, TRAFFIC } from './rules.ts';
import type { Obstacle, Standing } from './standing.ts';

/** What every check needs, as the completion of "this check needs …". */
const REQUESTS = 'requests that no policy or route of others affects';

/** The circumstances of a check with these assumptions on a rig. */
export function circumstancesOf(standing: Standing, assumes: readonly Assumption[], rig: string): Circumstances {
  const place = { rig, neighbour: neighbourOf(rig), unmeshed: unmeshedOf(rig) };
  const needs: [words: string, obstacles: Obstacle[]][] = [
    [REQUESTS, TRAFFIC(standing, place)],
    ...assumes.map((one): [string, Obstacle[]] => [ASSUMPTIONS[one], RULES[one](standing, place)]),
  ];
  const [hopeless] = needs.flatMap(([words, obstacles]) =>
    obstacles.filter(({ settle }) => settle === undefined).map(({ what }) => `${what}, and this check needs ${words}`),
  );
  const remedies = needs.flatMap(([, obstacles]) => obstacles.flatMap(({ settle }) => settle ?? []));
  return {
    ...(hopeless === undefined ? {} : { unsupported: hopeless }),
    settle: (objects) => distinct(remedies.reduce<Manifest[]>((all, settle) => settle(all), [...objects])),
    opaque: opaqueOf(standing, place),
  };
}

/** Two obstacles may have the same remedy. */
function distinct(objects: readonly Manifest[]): Manifest[] {
  return [...new Map(objects.map((object) => [`${object.kind} ${object.metadata.namespace}/${object.metadata.name}`, object])).values()];
}
