import { Option } from 'commander';

import { DEFAULT_MESH, MESHES } from '../../clusters/meshes.ts';

/** The option by which a person names a mesh. */
export function meshOption(about: string): Option {
  return new Option('--mesh <mesh>', about).choices(MESHES).default(DEFAULT_MESH);
}
