import type { ClusterDescription } from '../../clusters/cluster.ts';
import { engineAt } from '../../clusters/engine/engine.ts';
import { removeExternalContainers } from '../../clusters/external/containers.ts';
import { ensureExternalImages } from '../../clusters/external/images.ts';
import { EXTERNAL_IMAGE_NAMES, type ExternalImageName } from '../../clusters/images/recipes/external.ts';
import type { ImageSource } from '../../clusters/images/registry.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';

/** The images of the external services that checks need, according to their traits. */
export async function externalImagesOf(traits: Iterable<Traits>): Promise<ExternalImageName[]> {
  const wanted = new Set([...traits].flatMap(({ external = [] }) => external));
  if (wanted.size === 0) return [];
  return EXTERNAL_IMAGE_NAMES.filter((name) => wanted.has(name));
}

/**
 * Ensures that the cluster's engine has these images, from the source that `--images` names. Does nothing without a known engine.
 * @throws MeshproofError `IMAGE_UNAVAILABLE`, or the errors of building an image
 */
export async function provideExternalImages(
  { dockerHost }: ClusterDescription,
  names: readonly ExternalImageName[],
  images: ImageSource,
  task: TaskContext,
): Promise<void> {
  if (names.length === 0 || dockerHost === undefined) return;
  await ensureExternalImages(names, images, await engineAt(dockerHost, task), task);
}

/** Removes the external services that a killed check left. */
export async function clearExternalServices({ name, dockerHost }: ClusterDescription, names: readonly ExternalImageName[]): Promise<void> {
  if (names.length === 0 || dockerHost === undefined) return;
  await removeExternalContainers(name, await engineAt(dockerHost));
}
