/** An image of the table, whether it can be built, and whether it was built. */
export interface ListedImage {
  name: string;
  upstream: string;
  recipe: boolean;
  cached: boolean;
}

/** Every image that clusters use. Reads only the cache's index. */
export async function listImages(): Promise<ListedImage[]> {
  const { imageArtifact, imageTable } = await import('./build.ts');
  const { meshModules } = await import('../meshes.ts');
  const meshes = await meshModules();
  const { isCached } = await import('./cache.ts');
  return Promise.all(
    (await imageTable(meshes.flatMap(({ images, versions }) => versions.flatMap((version) => images(version))))).map(
      async ({ recipe, ...image }) => ({
        name: image.name,
        upstream: image.upstream ?? '',
        recipe: recipe !== undefined,
        cached: recipe !== undefined && (await isCached(await imageArtifact({ ...image, recipe }))),
      }),
    ),
  );
}
