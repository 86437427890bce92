import { listImages } from '../../clusters/images/list.ts';
import { clusterNames } from '../../clusters/registry/description.ts';
import { isInUse } from '../../clusters/registry/occupancy.ts';
import { ownerOf } from '../../clusters/registry/owner.ts';
import { answerFindings } from './clusters.ts';
import { judge, type Finding } from './finding.ts';

/** The images of the table that the cache has. */
export interface CachedImages {
  cached: number;
  all: number;
}

export async function cachedImages(): Promise<CachedImages> {
  const images = await listImages();
  return { cached: images.filter((image) => image.cached).length, all: images.length };
}

/** What earlier work left: images in the cache, clusters that are used, clusters that nobody uses any more. */
export async function stateFindings({ cached, all }: CachedImages): Promise<Finding[]> {
  const names = await clusterNames();
  const states = await Promise.all(names.map(async (name) => ({ name, owner: await ownerOf(name), inUse: await isInUse(name) })));
  const left = states.filter(({ owner }) => owner === 'dead').map(({ name }) => name);
  const there = states.filter(({ owner }) => owner !== 'dead');
  const shown = there.map(({ name, inUse }) => (inUse ? `${name} (in use)` : name));
  return [
    {
      category: 'cache',
      check: 'buildable images are cached',
      status: 'ok',
      seen: `${cached} of ${all}${cached < all ? '; the first cluster takes longer' : ''}`,
    },
    judge(
      {
        category: 'clusters',
        check: 'killed runs left nothing behind',
        seen: left.join(', ') || `clusters: ${shown.join(', ') || 'none'}`,
      },
      left.length === 0,
      'warning',
      'remove it with npx meshproof sweep',
    ),
    ...(await answerFindings(there.map(({ name }) => name))),
  ];
}
