import { findEngines } from '../../clusters/engine/engine.ts';
import type { HostFacts } from '../../clusters/engine/host.ts';
import { MeshproofError } from '../../clusters/errors.ts';
import { judge, type Finding } from './finding.ts';

const PATIENCE_MS = 1_500;

/** Whether a Docker engine answers, or can be made. Nothing is started. */
export async function engineFindings(host: HostFacts): Promise<Finding[]> {
  const about = { category: 'engine', check: 'a Docker engine answers or can be started' };
  try {
    const engines = await findEngines({ signal: AbortSignal.timeout(PATIENCE_MS) });
    if (engines.length > 0)
      return engines.map((engine) => ({
        ...about,
        status: 'ok' as const,
        seen: `Docker ${engine.version} at ${engine.host}${engine.private ? ' (private)' : ''}`,
      }));
  } catch (error) {
    if (error instanceof MeshproofError) throw error;
    return [{ ...about, status: 'warning', seen: `no answer within ${PATIENCE_MS} ms`, hint: 'docker info says more' }];
  }
  const possible = host.platform === 'linux' && host.root;
  const seen = possible ? 'none answers; a private one will be started' : 'none answers';
  return [judge({ ...about, seen }, possible, 'failed', 'start Docker, or set DOCKER_HOST, or on Linux run as root')];
}
