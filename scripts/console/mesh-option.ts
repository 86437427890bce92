import { Option } from 'commander';

import { DEFAULT_MESH, MESH_VERSIONS, MESHES, type Mesh } from '../../clusters/meshes.ts';

/** The option that selects one of these meshes. */
export function meshOption(about: string, among: readonly Mesh[] = MESHES): Option {
  const first = among.includes(DEFAULT_MESH) ? DEFAULT_MESH : among[0];
  return new Option('--mesh <mesh>', about).choices(among).default(first);
}

/** An option that selects a version of one of these meshes; which ones the chosen mesh has is checked by `requireMeshVersion`. */
export function meshVersionOption(flags: string, about: string, among: readonly Mesh[] = MESHES): Option {
  return new Option(flags, about).choices(among.flatMap((mesh): readonly string[] => MESH_VERSIONS[mesh]));
}
