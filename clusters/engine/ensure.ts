import { variable } from '../environment.ts';
import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { connectEngine, defaultHost, engineAt, type Engine } from './engine.ts';
import { readHost } from './host.ts';
import { joinPrivateEngine, startPrivateEngine } from './private-engine.ts';

export interface EnsureEngineOptions {
  /** Whether Docker may be installed and a private daemon started where none answers. */
  allowPrivate: boolean;
}

/**
 * Returns the running Docker, or else a private engine where that is possible and allowed.
 * @throws MeshproofError `ENGINE_MISSING` with what to do, or `ENGINE_PACKAGES`, `ENGINE_START`.
 */
export async function ensureEngine({ allowPrivate }: EnsureEngineOptions, task: TaskContext = {}): Promise<Engine> {
  const named = variable('DOCKER_HOST');
  const host = named ?? (await defaultHost(task));
  const present = host === undefined ? undefined : await connectEngine(host, task);
  if (present && (!present.private || (await joinPrivateEngine(task)))) return present;
  if (named) {
    throw new MeshproofError('ENGINE_MISSING', `no Docker engine responds at DOCKER_HOST=${named}`, {
      hint: 'start it, or unset DOCKER_HOST',
    });
  }
  const obstacle = allowPrivate ? await obstacleToPrivateEngine() : '--no-engine forbids starting one';
  if (obstacle !== undefined) {
    throw new MeshproofError('ENGINE_MISSING', `no Docker engine responds${host === undefined ? '' : ` at ${host}`}, and ${obstacle}`, {
      hint: 'start Docker, or set DOCKER_HOST to a running one',
    });
  }
  return engineAt(await startPrivateEngine(task), task);
}

async function obstacleToPrivateEngine(): Promise<string | undefined> {
  const host = await readHost();
  if (host.platform !== 'linux') return `meshproof can start one on Linux only, not on ${host.platform}`;
  if (!host.root) return 'only root may start one';
  return undefined;
}
