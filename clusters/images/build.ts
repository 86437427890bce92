import { join } from 'node:path';

import { writeArchive } from './archive.ts';
import { withFolder } from '../work-folder.ts';
import { hashOf, type Artifact } from './cache.ts';
import { addPackages, debianRoot, fillSmallRoot, withDebianRoot } from './debian.ts';
import type { Image, Recipe } from './image.ts';
import { K6_IMAGE } from './recipes/k6.ts';
import { KUBERNETES_IMAGES } from './recipes/kubernetes.ts';
import { externalImages } from './recipes/external.ts';
import { SAMPLE_IMAGE } from './recipes/sample.ts';

/** Every image that a cluster with the given mesh and its sample services uses; its nodes hold all of them. */
export function clusterImages(mesh: readonly Image[]): Image[] {
  return [...KUBERNETES_IMAGES, ...mesh, SAMPLE_IMAGE, K6_IMAGE];
}

/** Every image that the harness uses, including external services. */
export async function imageTable(mesh: readonly Image[]): Promise<Image[]> {
  return [...clusterImages(mesh), ...(await externalImages())];
}

/** The artifact of an image: one file `image.tar` in the format of `docker save`. */
export async function imageArtifact(image: Image & { recipe: Recipe }): Promise<Artifact> {
  const slug = image.name.replace(/^.*?\/|:.*$/g, '').replaceAll('/', '-');
  return {
    name: `image-${slug}`,
    hash: hashOf(image.name, await image.recipe.inputs(), debianRoot.hash),
    make: async (folder, task) => {
      const contents = await image.recipe.contents(task);
      task.progress?.(`assembling ${image.name}`);
      await withDebianRoot(
        (debian) =>
          withFolder('build', async (root) => {
            if (contents.packages !== undefined) await addPackages(debian, contents.packages, task);
            await fillSmallRoot(debian, root, contents, task);
            await writeArchive(root, image.name, contents.config, join(folder, 'image.tar'), task);
          }),
        task,
      );
    },
  };
}
