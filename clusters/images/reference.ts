import { lock } from './lock.ts';
import { mirrored } from './registry.ts';

/**
 * The reference by which an image is pulled from its registry or a mirror: with its digest in the lock, or else by its tag.
 * @param registry see `mirrored`
 */
export async function referenceOf(name: string, registry?: string): Promise<string> {
  const digest = (await lock()).images[name];
  const published = mirrored(name, registry);
  return digest === undefined ? published : `${published.replace(/:[^/:]*$/, '')}@${digest}`;
}

/** Those of these images that are pulled by tag, because the lock has no digest of them. */
export async function unpinned(names: readonly string[]): Promise<string[]> {
  const { images } = await lock();
  return names.filter((name) => images[name] === undefined);
}
