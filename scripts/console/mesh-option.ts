import { Option } from 'commander';

import { DEFAULT_MESH, MESH_VERSIONS, MESHES } from '../../clusters/meshes.ts';

/** The option that selects a mesh. */
export function meshOption(about: string): Option {
  return new Option('--mesh <mesh>', about).choices(MESHES).default(DEFAULT_MESH);
}

/** An option that selects a version of the mesh; which ones a mesh has is checked by `requireMeshVersion`. */
export function meshVersionOption(flags: string, about: string): Option {
  return new Option(flags, about).choices(Object.values(MESH_VERSIONS).flat());
}
