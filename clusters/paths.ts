import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { variable } from './environment.ts';
import { EXIT, MeshproofError } from './errors.ts';

/**
 * The folder of everything that may be deleted at the price of time, and that CI may keep for the next run: built images, tools, the private
 * engine's data. MESHPROOF_CACHE names another one; otherwise the XDG base directory specification decides.
 */
export function cacheFolder(): string {
  return named('MESHPROOF_CACHE') ?? join(xdg('XDG_CACHE_HOME') ?? join(homeFolder(), '.cache'), 'meshproof');
}

/**
 * The folder of what is true of this machine now and no cache may bring back: clusters with their credentials, address ranges, locks.
 * MESHPROOF_STATE names another one. Where only MESHPROOF_CACHE is set it lies beside that, so that runs with caches of their own stay apart.
 */
export function stateFolder(): string {
  const cache = named('MESHPROOF_CACHE');
  const beside = cache === undefined ? undefined : `${cache}-state`;
  return named('MESHPROOF_STATE') ?? beside ?? join(xdg('XDG_STATE_HOME') ?? join(homeFolder(), '.local', 'state'), 'meshproof');
}

/** The folder that holds one folder a cluster: its kubeconfig and its description. */
export function clustersFolder(): string {
  return join(stateFolder(), 'clusters');
}

/**
 * The user's own folder.
 * @throws MeshproofError `HOME_MISSING` with exit code 2 for a user who has none, as in a container that runs under any number
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new MeshproofError('HOME_MISSING', 'this user has no home folder', { hint: 'set HOME to a folder', cause, exitCode: EXIT.usage });
  }
}

/**
 * Sees to it that the folders of this module, and the one for temporary files, have a place.
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

/** A folder that a variable of ours names. */
function named(name: string): string | undefined {
  const value = variable(name);
  if (value === undefined) return undefined;
  const absolute = resolve(value);
  // Programs that this one starts work in other folders.
  if (absolute !== value) process.env[name] = absolute;
  return absolute;
}

/** "If an implementation encounters a relative path […] it should consider the path invalid and ignore it": XDG base directory specification. */
function xdg(name: string): string | undefined {
  const value = variable(name) ?? '';
  return isAbsolute(value) ? value : undefined;
}
