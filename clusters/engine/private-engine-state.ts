import { connect } from 'node:net';

import { exec } from '../exec.ts';
import { until } from '../until.ts';
import { otherUsers } from './engine-users.ts';
import { privateEngineFiles, privateEngineSettings, type PrivateEngineSettings } from './private-engine-config.ts';
import { notInContainers, programsWith } from './process-search.ts';
import type { ProcessIdentity } from './processes.ts';

/**
 * State of the private engine's daemon: `answers`, `gone` if that is certain, or `silent` if it is running but does not respond in time,
 * e.g. on a busy machine. A silent engine counts as in use.
 */
export type EngineState = 'answers' | 'silent' | 'gone';

/** Determines the daemon's state within ten seconds. */
export async function privateEngineState(settings: PrivateEngineSettings = privateEngineSettings()): Promise<EngineState> {
  if (await privateEngineAnswers(settings)) return 'answers';
  const listens = await hasListener(privateEngineFiles(settings).socket);
  return listens || (await daemons(settings)).length > 0 ? 'silent' : 'gone';
}

/** Whether the private engine's daemon responds on its socket. */
export async function privateEngineAnswers(settings: PrivateEngineSettings = privateEngineSettings()): Promise<boolean> {
  const { host } = privateEngineFiles(settings);
  return exec('docker', ['version', '--format', '{{.Server.Version}}'], { env: { DOCKER_HOST: host }, timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The kernel accepts connections for a daemon that is slow or stopped, and refuses them if it is gone. */
async function hasListener(socket: string): Promise<boolean> {
  const connection = connect(socket);
  const listens = new Promise<boolean>((resolve) => {
    connection.setTimeout(5_000, () => resolve(true));
    connection.once('connect', () => resolve(true));
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED'));
  });
  return listens.finally(() => connection.destroy());
}

/**
 * The private engine's DOCKER_HOST value if it responds and nobody uses it: it runs no container, and no other meshproof process needs it.
 */
export async function idlePrivateEngine(settings: PrivateEngineSettings = privateEngineSettings()): Promise<string | undefined> {
  if ((await privateEngineState(settings)) !== 'answers' || (await isInUse(settings))) return undefined;
  return privateEngineFiles(settings).host;
}

/** Whether the private engine is or may be in use. */
export async function isInUse(settings: PrivateEngineSettings): Promise<boolean> {
  if ((await otherUsers(settings.run)).length > 0) return true;
  const env = { DOCKER_HOST: privateEngineFiles(settings).host };
  const running = await exec('docker', ['ps', '--quiet'], { env, timeoutMs: 10_000 }).catch(() => undefined);
  if (running === undefined) return (await privateEngineState(settings)) !== 'gone';
  return running !== '' || (await hasShims(settings));
}

/**
 * Whether processes that attend to containers of the private engine remain; each ends a moment after its container. They are looked for
 * because the `docker` on PATH may be the client of another engine that ignores DOCKER_HOST, as podman's is.
 */
async function hasShims(settings: PrivateEngineSettings): Promise<boolean> {
  const shims = async () => await notInContainers(await programsWith(/^containerd-shim/, privateEngineFiles(settings).execRoot));
  const gone = until(async () => (await shims()).length === 0, { what: 'the shims to end', timeoutMs: 5_000, everyMs: 100 });
  return await gone.then(
    () => false,
    () => true,
  );
}

/** Processes of the private engine: its dockerd, its containerd, and the shims of its containers. */
export async function privateEngineProcesses(settings: PrivateEngineSettings = privateEngineSettings()): Promise<ProcessIdentity[]> {
  const rest = await programsWith(/^(containerd(-shim.*)?|runc)$/, privateEngineFiles(settings).execRoot);
  return [...(await daemons(settings)), ...(await notInContainers(rest))];
}

/**
 * Found by the configuration file: after a crash the recorded PID may belong to another process. A container may run its own engine with
 * the same path.
 */
export async function daemons(settings: PrivateEngineSettings): Promise<ProcessIdentity[]> {
  return notInContainers(await programsWith(/^dockerd$/, privateEngineFiles(settings).config));
}
