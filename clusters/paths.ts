import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { variable } from './environment.ts';

/**
 * The folder of everything that may be deleted at the price of time: built images, tools, the private engine's data.
 * MESHPROOF_CACHE names another one; otherwise the XDG base directory specification decides. An absolute path.
 */
export function cacheFolder(): string {
  return resolve(variable('MESHPROOF_CACHE') ?? join(variable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'meshproof'));
}

/** The folder that holds one folder a cluster: its kubeconfig and its description. */
export function clustersFolder(): string {
  return join(cacheFolder(), 'clusters');
}
