import { variable } from '../environment.ts';
import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { connectEngine, defaultHost, engineAt, type Engine } from './engine.ts';
import { readHost } from './host.ts';
import { privateEngineFiles, privateEngineOver, privateEngineSettings, type PrivateEngineSettings } from './private-engine-config.ts';
import { joinPrivateEngine, startPrivateEngine } from './private-engine.ts';

export interface EnsureEngineOptions {
  /** Whether Docker may be installed and a private daemon started if no engine responds. */
  allowPrivate: boolean;
}

/**
 * Returns the running Docker engine, or else a private engine if that is possible and allowed.
 * @throws MeshproofError `ENGINE_MISSING` with a hint, `ENGINE_PACKAGES` or `ENGINE_START`
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

/**
 * The engine with the containers of a cluster that is to be removed. A stopped private engine is started over the data folder that contains
 * them, and no other process stops it while this one runs.
 * @throws MeshproofError `ENGINE_MISSING`, also if the engine at that address has another data folder, or the errors of `startPrivateEngine`
 */
export async function engineForRemoval(
  { dockerHost: host, dockerData: data }: { dockerHost: string; dockerData: string | undefined },
  task: TaskContext = {},
  settings: PrivateEngineSettings = privateEngineSettings(),
): Promise<Engine> {
  const isPrivate = host === privateEngineFiles(settings).host;
  const engine = await engineAt(isPrivate ? await startPrivateEngine(task, { ...settings, ...privateEngineOver(data) }) : host, task);
  if (data !== undefined && data !== engine.data) {
    throw new MeshproofError('ENGINE_MISSING', `the Docker engine at ${host} stores containers in ${engine.data}, not in ${data}`, {
      hint: isPrivate
        ? 'remove the clusters of the running engine and stop it with npx meshproof sweep, then run this command again'
        : `run an engine with the data folder ${data}, then run this command again`,
    });
  }
  return engine;
}

async function obstacleToPrivateEngine(): Promise<string | undefined> {
  const host = await readHost();
  if (host.platform !== 'linux') return `meshproof can start one only on Linux, not on ${host.platform}`;
  if (!host.root) return 'only root may start one';
  return undefined;
}
