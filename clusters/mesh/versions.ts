import type { MeshVersions } from './adapter.ts';
import type { MeshFacts } from './facts.ts';

/** Versions by the names of the mesh's parts; parts that are not running are omitted. */
export function byPart({ parts }: MeshFacts, { controlPlane, proxies }: MeshVersions): Record<string, string> {
  return {
    [parts.controlPlane]: controlPlane.join(', '),
    ...(proxies.length === 0 ? {} : { [parts.proxy]: proxies.join(', ') }),
  };
}
