import { EXIT, MeshproofError } from '../errors.ts';
import type { MeshVersions } from './adapter.ts';
import type { MeshFacts } from './facts.ts';

/** Versions by the names of the mesh's parts; parts that are not running are omitted. */
export function byPart({ parts }: MeshFacts, { controlPlane, proxies }: MeshVersions): Record<string, string> {
  return {
    [parts.controlPlane]: controlPlane.join(', '),
    ...(proxies.length === 0 ? {} : { [parts.proxy]: proxies.join(', ') }),
  };
}

/**
 * One of a mesh's versions, by its name.
 * @throws MeshproofError `MESH_VERSION_UNKNOWN` with exit code 2 and the known ones
 */
export function requireVersion<Name extends string>(mesh: string, known: readonly Name[], name: string): Name {
  const found = known.find((one) => one === name);
  if (found !== undefined) return found;
  throw new MeshproofError('MESH_VERSION_UNKNOWN', `meshproof cannot install version ${name} of ${mesh}`, {
    hint: `there are ${known.join(', ')}`,
    exitCode: EXIT.usage,
  });
}
