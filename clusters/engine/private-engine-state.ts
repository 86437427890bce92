import { connect } from 'node:net';

import { exec } from '../exec.ts';
import { otherUsers } from './engine-users.ts';
import { privateEngineFiles, privateEngineSettings, type PrivateEngineSettings } from './private-engine-config.ts';
import { notInContainers, programsWith } from './process-search.ts';
import type { ProcessIdentity } from './processes.ts';

/**
 * How the private engine's daemon is: `answers`, `gone` when that is certain, or `silent`: it runs and does not answer in time, as on a machine that is
 * busy. What is silent is in use.
 */
export type EngineState = 'answers' | 'silent' | 'gone';

/** Looks how the daemon is, for ten seconds at most. */
export async function privateEngineState(settings: PrivateEngineSettings = privateEngineSettings()): Promise<EngineState> {
  if (await privateEngineAnswers(settings)) return 'answers';
  const listens = await hasListener(privateEngineFiles(settings).socket);
  return listens || (await daemons(settings)).length > 0 ? 'silent' : 'gone';
}

/** Whether the private engine's daemon answers on its socket. */
export async function privateEngineAnswers(settings: PrivateEngineSettings = privateEngineSettings()): Promise<boolean> {
  const { host } = privateEngineFiles(settings);
  return exec('docker', ['version', '--format', '{{.Server.Version}}'], { env: { DOCKER_HOST: host }, timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The kernel takes connections for a daemon that is too slow to, or is stopped; for one that is gone it refuses them. */
async function hasListener(socket: string): Promise<boolean> {
  const connection = connect(socket);
  const listens = new Promise<boolean>((resolve) => {
    connection.setTimeout(5_000, () => resolve(true));
    connection.once('connect', () => resolve(true));
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED'));
  });
  return listens.finally(() => connection.destroy());
}

/** The private engine's DOCKER_HOST value where it answers and nobody needs it: neither a running container nor another meshproof. */
export async function idlePrivateEngine(settings: PrivateEngineSettings = privateEngineSettings()): Promise<string | undefined> {
  if ((await privateEngineState(settings)) !== 'answers' || (await isInUse(settings))) return undefined;
  return privateEngineFiles(settings).host;
}

/** Whether someone needs the private engine, or nobody can tell. */
export async function isInUse(settings: PrivateEngineSettings): Promise<boolean> {
  if ((await otherUsers(settings.run)).length > 0) return true;
  const env = { DOCKER_HOST: privateEngineFiles(settings).host };
  const running = await exec('docker', ['ps', '--quiet'], { env, timeoutMs: 10_000 }).catch(() => undefined);
  if (running !== undefined) return running !== '';
  return (await privateEngineState(settings)) !== 'gone';
}

/** Processes of the private engine: its dockerd, its containerd, and the shims of its containers. */
export async function privateEngineProcesses(settings: PrivateEngineSettings = privateEngineSettings()): Promise<ProcessIdentity[]> {
  const rest = await programsWith(/^(containerd(-shim.*)?|runc)$/, privateEngineFiles(settings).execRoot);
  return [...(await daemons(settings)), ...(await notInContainers(rest))];
}

/** By its configuration file: the number that it noted may be anybody's after a crash. A container may have an engine of its own at the same path. */
export async function daemons(settings: PrivateEngineSettings): Promise<ProcessIdentity[]> {
  return notInContainers(await programsWith(/^dockerd$/, privateEngineFiles(settings).config));
}
