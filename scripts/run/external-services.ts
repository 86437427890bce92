import type { ClusterDescription } from '../../clusters/cluster.ts';
import { engineAt } from '../../clusters/engine/engine.ts';
import { removeExternalContainers } from '../../clusters/external/containers.ts';
import { ensureExternalImages } from '../../clusters/external/images.ts';
import { EXTERNAL_IMAGE_NAMES, type ExternalImageName } from '../../clusters/images/recipes/external.ts';
import type { ImageSource } from '../../clusters/images/registry.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';
import { explain } from '../console/failure.ts';

/** The images of the external services that checks need, according to their traits. */
export async function externalImagesOf(traits: Iterable<Traits>): Promise<ExternalImageName[]> {
  const wanted = new Set([...traits].flatMap(({ external = [] }) => external));
  if (wanted.size === 0) return [];
  return EXTERNAL_IMAGE_NAMES.filter((name) => wanted.has(name));
}

/**
 * Runs `use` once the cluster's engine has the images of these external services, from the source that `--images` names, and then removes
 * the services that a killed check left. Without a known engine, runs only `use`.
 * @throws MeshproofError `IMAGE_UNAVAILABLE`, or the errors of building an image
 */
export async function withExternalServices<T>(
  { name, dockerHost }: ClusterDescription,
  images: readonly ExternalImageName[],
  from: ImageSource,
  task: TaskContext,
  use: () => Promise<T>,
): Promise<T> {
  if (images.length === 0 || dockerHost === undefined) return await use();
  try {
    await ensureExternalImages(images, from, await engineAt(dockerHost, task), task);
    return await use();
  } finally {
    await engineAt(dockerHost)
      .then((engine) => removeExternalContainers(name, engine))
      .catch(explain);
  }
}
