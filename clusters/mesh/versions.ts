import type { MeshVersions } from './adapter.ts';
import type { MeshFacts } from './facts.ts';

/** Versions under the names of the mesh's parts, as a run tells them; without those of which none runs. */
export function byPart({ parts }: MeshFacts, { controlPlane, proxies }: MeshVersions): Record<string, string> {
  return {
    [parts.controlPlane]: controlPlane.join(', '),
    ...(proxies.length === 0 ? {} : { [parts.proxy]: proxies.join(', ') }),
  };
}
