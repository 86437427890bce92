import { join } from 'node:path';

import type { GoModule } from '../images/go.ts';
import { requireVersion } from '../mesh/versions.ts';

/** A version of Linkerd for new clusters. */
export interface LinkerdVersion {
  /** The tag of the Prometheus image that the viz extension of this version uses. */
  prometheus: string;
}

/**
 * Each version has a folder of its name in versions/ with the go.mod that pins its Gateway API, and the schemas of its kinds. Newest first.
 */
const TABLE = {
  'edge-26.8.3': { prometheus: 'v2.55.1' },
} as const satisfies Record<string, LinkerdVersion>;

type Name = keyof typeof TABLE;

export const VERSIONS = Object.keys(TABLE) as [Name, ...Name[]];

/** @throws MeshproofError `MESH_VERSION_UNKNOWN` with exit code 2 */
export function linkerdVersion(name: string = VERSIONS[0]): LinkerdVersion & { name: string; folder: string; module: GoModule } {
  const known = requireVersion('linkerd', VERSIONS, name);
  const folder = join(import.meta.dirname, 'versions', known);
  return { ...TABLE[known], name: known, folder, module: { name: 'linkerd', folder } };
}
