/** An image of the table, and whether it can be built and is. */
export interface ListedImage {
  name: string;
  upstream: string;
  recipe: boolean;
  cached: boolean;
}

/** Every image that clusters use. Reads only the cache's index, no content. */
export async function listImages(): Promise<ListedImage[]> {
  const { imageArtifact, imageTable } = await import('./build.ts');
  const { isCached } = await import('./cache.ts');
  return Promise.all(
    (await imageTable()).map(async ({ recipe, ...image }) => ({
      name: image.name,
      upstream: image.upstream ?? '',
      recipe: recipe !== undefined,
      cached: recipe !== undefined && (await isCached(await imageArtifact({ ...image, recipe }))),
    })),
  );
}
