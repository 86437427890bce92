import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of everything that may be deleted at the price of time: built images, tools, the private engine's data.
 * MESHPROOF_CACHE names another one; otherwise the XDG base directory specification decides.
 */
export function cacheFolder(): string {
  return process.env['MESHPROOF_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshproof');
}

/** The folder that holds one folder a cluster: its kubeconfig and its description. */
export function clustersFolder(): string {
  return join(cacheFolder(), 'clusters');
}
