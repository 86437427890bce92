import { MeshproofError } from '../errors.ts';
import type { MeshBuild, NodeImages } from '../mesh/node-images.ts';

const PROXY = /^cr\.l5d\.io\/linkerd\/proxy:(?<tag>[^@]+)$/;

/**
 * Which of Linkerd's images the nodes hold. Its proxy exists in a single build with all features.
 * @throws MeshproofError `MESH_IMAGES_MISSING` if the nodes hold no proxy of Linkerd
 */
export async function buildIn(nodes: NodeImages): Promise<MeshBuild> {
  const tags = (await nodes.names()).map((name) => PROXY.exec(name)?.groups?.['tag']);
  const tag = tags.find((found) => found !== undefined);
  if (tag !== undefined) return { tag, extended: true };
  throw new MeshproofError('MESH_IMAGES_MISSING', 'the node image does not contain cr.l5d.io/linkerd/proxy', {
    hint: 'use --images=pull, or --images=FOLDER with archives of all of its images',
  });
}
