import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { variable } from './environment.ts';
import { EXIT, MeshproofError } from './errors.ts';

/**
 * The folder of everything that can be recreated, and that CI may cache for the next run: built images, tools, the private engine's data.
 * MESHPROOF_CACHE overrides it; otherwise the XDG base directory specification decides.
 */
export function cacheFolder(): string {
  return named('MESHPROOF_CACHE') ?? join(xdg('XDG_CACHE_HOME') ?? join(homeFolder(), '.cache'), 'meshproof');
}

/**
 * The folder of the current state of this machine, which must never be restored from a cache: clusters with their credentials, address
 * ranges, locks. MESHPROOF_STATE overrides it. If only MESHPROOF_CACHE is set, it is next to that, so that runs with separate caches do not
 * interfere.
 */
export function stateFolder(): string {
  const cache = named('MESHPROOF_CACHE');
  const beside = cache === undefined ? undefined : `${cache}-state`;
  return named('MESHPROOF_STATE') ?? beside ?? join(xdg('XDG_STATE_HOME') ?? join(homeFolder(), '.local', 'state'), 'meshproof');
}

/** The folder with a subfolder for each cluster, which contains its kubeconfig and its description. */
export function clustersFolder(): string {
  return join(stateFolder(), 'clusters');
}

/**
 * The user's home folder.
 * @throws MeshproofError `HOME_MISSING` with exit code 2 for a user without one, as in a container with an arbitrary user ID
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new MeshproofError('HOME_MISSING', 'this user has no home folder', { hint: 'set HOME to a folder', cause, exitCode: EXIT.usage });
  }
}

/**
 * Ensures that the folders of this module, and the one for temporary files, can be determined.
 * @throws MeshproofError `HOME_MISSING` or `TEMPORARY_FOLDER_MISSING` with exit code 2
 */
export function requirePlaces(): void {
  cacheFolder();
  stateFolder();
  if (existsSync(tmpdir())) return;
  throw new MeshproofError('TEMPORARY_FOLDER_MISSING', `there is no folder ${tmpdir()} for temporary files`, {
    hint: 'set TMPDIR to a folder',
    exitCode: EXIT.usage,
  });
}

/** A folder from one of meshproof's variables. */
function named(name: string): string | undefined {
  const value = variable(name);
  if (value === undefined) return undefined;
  const absolute = resolve(value);
  // Child processes have other working directories.
  if (absolute !== value) process.env[name] = absolute;
  return absolute;
}

/** "If an implementation encounters a relative path […] it should consider the path invalid and ignore it": XDG base directory specification. */
function xdg(name: string): string | undefined {
  const value = variable(name) ?? '';
  return isAbsolute(value) ? value : undefined;
}
