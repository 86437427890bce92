import type { ClusterDescription } from '../../clusters/cluster.ts';
import type { OutsideName } from '../../clusters/images/recipes/external.ts';
import type { Work } from '../../clusters/work.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';

/** The images that checks want beside the cluster, by what they tell of themselves. */
export async function outsideOf(traits: Iterable<Traits>): Promise<OutsideName[]> {
  const wanted = new Set([...traits].flatMap(({ outside = [] }) => outside));
  if (wanted.size === 0) return [];
  const { OUTSIDE_NAMES } = await import('../../clusters/images/recipes/external.ts');
  return OUTSIDE_NAMES.filter((name) => wanted.has(name));
}

/**
 * Sees to it that the cluster's engine has these images, from where `--images` says. Nothing to do where no engine is known.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` or what building one throws
 */
export async function provideOutside(
  { dockerHost }: ClusterDescription,
  names: readonly OutsideName[],
  images: string,
  work: Work,
): Promise<void> {
  if (names.length === 0 || dockerHost === undefined) return;
  const [{ engineAt }, { ensureOutsideImages }] = await Promise.all([
    import('../../clusters/engine/engine.ts'),
    import('../../clusters/external/images.ts'),
  ]);
  await ensureOutsideImages(names, images, await engineAt(dockerHost, work), work);
}

/** Removes what a check that was killed left beside the cluster. */
export async function clearOutside({ name, dockerHost }: ClusterDescription, names: readonly OutsideName[]): Promise<void> {
  if (names.length === 0 || dockerHost === undefined) return;
  const [{ engineAt }, { removeBeside }] = await Promise.all([
    import('../../clusters/engine/engine.ts'),
    import('../../clusters/external/containers.ts'),
  ]);
  await removeBeside(name, await engineAt(dockerHost));
}
