import { causeOf } from '../../clusters/errors.ts';
import { listImages } from '../../clusters/images/list.ts';
import { clusterNames, hintForUnreadable, readDescription } from '../../clusters/registry/description.ts';
import { isInUse } from '../../clusters/registry/occupancy.ts';
import { folderOf, ownerOf } from '../../clusters/registry/owner.ts';
import { answerFindings } from './clusters.ts';
import { judge, type Finding } from './finding.ts';

/** The images in the cache. */
export interface CachedImages {
  cached: number;
  all: number;
}

export async function cachedImages(): Promise<CachedImages> {
  const images = await listImages();
  return { cached: images.filter((image) => image.cached).length, all: images.length };
}

/** What earlier work left: cached images, clusters in use, and clusters that are or may be unused. */
export async function stateFindings(images: CachedImages): Promise<Finding[]> {
  const names = await clusterNames().catch(causeOf);
  if (typeof names === 'string') return [cacheFinding(images), unlistedFinding(names)];
  const states = await Promise.all(names.map(stateOf));
  const left = states.filter(({ owner }) => owner === 'dead');
  const kept = states.filter(({ owner }) => owner !== 'dead');
  const unreadable = kept.flatMap(({ name, description }) =>
    typeof description === 'string' ? [unreadableFinding(name, description)] : [],
  );
  const there = kept.filter(({ description }) => typeof description !== 'string');
  const shown = there.map(({ name, inUse }) => (inUse ? `${name} (in use)` : name));
  return [
    cacheFinding(images),
    judge(
      {
        category: 'clusters',
        check: 'killed runs left nothing behind',
        seen: left.map(({ name }) => name).join(', ') || `clusters: ${shown.join(', ') || 'none'}`,
      },
      left.length === 0,
      'warning',
      'remove it with npx meshproof sweep',
    ),
    ...unreadable,
    ...(await answerFindings(there.map(({ name }) => name))),
  ];
}

function cacheFinding({ cached, all }: CachedImages): Finding {
  const seen = `${cached} of ${all}${cached < all ? '; the first cluster takes longer' : ''}`;
  return { category: 'cache', check: 'buildable images are cached', status: 'ok', seen };
}

function unlistedFinding(problem: string): Finding {
  const about = { category: 'clusters', check: 'the clusters of this user can be listed', seen: problem };
  return judge(about, false, 'failed', 'fix its permissions, or set MESHPROOF_STATE to another folder');
}

async function stateOf(name: string) {
  const [owner, inUse, description] = await Promise.all([ownerOf(name), isInUse(name), readDescription(name, folderOf(name))]);
  return { name, owner, inUse, description };
}

function unreadableFinding(name: string, problem: string): Finding {
  const about = { category: 'clusters', check: `the description of ${name} can be read`, seen: problem };
  return judge(about, false, 'failed', hintForUnreadable(name));
}
