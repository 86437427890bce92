import { InvalidArgumentError, Option } from 'commander';

import { DEFAULT_MESH, MESHES, planned, SUPPORTED_MESHES, type Mesh } from '../../clusters/meshes.ts';

/** The option by which a person names a mesh: what can be tested is offered, and what is planned is refused as that. */
export function meshOption(about: string): Option {
  return new Option('--mesh <mesh>', about).choices(SUPPORTED_MESHES).argParser(meshNamed).default(DEFAULT_MESH);
}

function meshNamed(value: string): Mesh {
  const mesh = MESHES.find((one) => one === value);
  if (mesh === undefined) throw new InvalidArgumentError(`Allowed choices are ${SUPPORTED_MESHES.join(', ')}.`);
  if (!SUPPORTED_MESHES.includes(mesh)) throw planned(mesh);
  return mesh;
}
