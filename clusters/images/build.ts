import { join } from 'node:path';

import { writeArchive } from './archive.ts';
import { hashOf, type Artifact } from './cache.ts';
import { debianRoot, fillSmallRoot, withDebianRoot, withFolder } from './debian.ts';
import type { Image, Recipe } from './image.ts';
import { agentImage } from './recipes/agent.ts';
import { ISTIO_IMAGES } from './recipes/istio.ts';
import { KUBERNETES_IMAGES } from './recipes/kubernetes.ts';

/** Every image that a cluster with this mesh and its sample services uses. */
export async function imageTable(): Promise<Image[]> {
  return [...KUBERNETES_IMAGES, ...ISTIO_IMAGES, await agentImage()];
}

/** The artifact of an image: one file `image.tar`, as `docker save` writes it. */
export async function imageArtifact(image: Image & { recipe: Recipe }): Promise<Artifact> {
  const slug = image.name.replace(/^.*?\/|:.*$/g, '').replaceAll('/', '-');
  return {
    name: `image-${slug}`,
    hash: hashOf(image.name, await image.recipe.inputs(), debianRoot.hash),
    make: async (folder, work) => {
      const contents = await image.recipe.contents(work);
      work.progress?.(`assembling ${image.name}`);
      await withDebianRoot(
        (debian) =>
          withFolder(async (root) => {
            await fillSmallRoot(debian, root, contents, work);
            await writeArchive(root, image.name, contents.config, join(folder, 'image.tar'), work);
          }),
        work,
      );
    },
  };
}
