import { readdir } from 'node:fs/promises';

import { ownerOf } from '../../clusters/kind/owner.ts';
import { clustersFolder } from '../../clusters/paths.ts';
import { listImages } from '../image-list.ts';
import { isInUse } from '../run/in-use.ts';
import { judge, type Finding } from './finding.ts';

/** What earlier work left: images in the cache, clusters that are used, clusters that nobody uses any more. */
export async function stateFindings(): Promise<Finding[]> {
  const images = await listImages();
  const cached = images.filter((image) => image.cached).length;
  const names = await readdir(clustersFolder()).catch((): string[] => []);
  const states = await Promise.all(names.map(async (name) => ({ name, owner: await ownerOf(name), inUse: await isInUse(name) })));
  const left = states.filter(({ owner }) => owner === 'dead').map(({ name }) => name);
  const there = states.filter(({ owner }) => owner !== 'dead').map(({ name, inUse }) => (inUse ? `${name} (in use)` : name));
  return [
    {
      category: 'cache',
      check: 'images that can be built are built',
      status: 'ok',
      seen: `${cached} of ${images.length}${cached < images.length ? '; the first cluster takes longer' : ''}`,
    },
    judge(
      { category: 'clusters', check: 'nothing is left of killed runs', seen: left.join(', ') || `clusters: ${there.join(', ') || 'none'}` },
      left.length === 0,
      'warning',
      'npx meshproof sweep removes it',
    ),
  ];
}
