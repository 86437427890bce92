import { join } from 'node:path';

import type { GoModule } from '../images/go.ts';
import { requireVersion } from '../mesh/versions.ts';

/** A version of Istio for new clusters. A change here changes hashes, so what depends on it is rebuilt. */
export interface IstioVersion {
  /** The version that the programs report, and the tag of the images that are built. */
  tag: string;
  /** The release whose images represent this version if they are pulled. */
  release: string;
  /** The version of the plain Envoy that is built in. */
  envoy: string;
}

/**
 * Each version has a folder of its name in versions/ with the go.mod and go.sum that pin its module, and the schemas of its kinds. Newest
 * first.
 */
const TABLE = {
  '1.31': { tag: '1.31-eed52ebb66ad', release: '1.31.1', envoy: '1.40.0' },
  '1.30': { tag: '1.30-b01690e6db7d', release: '1.30.8', envoy: '1.38.3' },
} as const satisfies Record<string, IstioVersion>;

type Name = keyof typeof TABLE;

export const VERSIONS = Object.keys(TABLE) as [Name, ...Name[]];

/** @throws MeshproofError `MESH_VERSION_UNKNOWN` with exit code 2 */
export function istioVersion(name: string = VERSIONS[0]): IstioVersion & { name: string; folder: string; module: GoModule } {
  const known = requireVersion('istio', VERSIONS, name);
  const folder = join(import.meta.dirname, 'versions', known);
  return { ...TABLE[known], name: known, folder, module: { name: 'istio', folder } };
}
