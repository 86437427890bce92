import { spawn } from 'node:child_process';
import { copyFile, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { causeOf, MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';
import { BRIDGES } from './addresses.ts';
import { useEngine } from './engine-users.ts';
import { exclusively } from './exclusive.ts';
import { hostFirewall } from './firewall.ts';
import { isolateBridge } from './hermetic.ts';
import { prepareHost, restoreHost } from './host-before.ts';
import { isRestricted, readHost } from './host.ts';
import { mountPoints, selfMounts } from './mounts.ts';
import { installEngine, systemPath } from './packages.ts';
import { daemonConfig, privateEngineFiles, privateEngineSettings, type PrivateEngineSettings } from './private-engine-config.ts';
import {
  daemons,
  isInUse,
  privateEngineAnswers,
  privateEngineProcesses,
  privateEngineState,
  type EngineState,
} from './private-engine-state.ts';
import { endProcess, identify } from './processes.ts';

/**
 * Installs what is missing, starts the daemon if it is not running, and returns its DOCKER_HOST value once it responds. The daemon outlives
 * this process. Concurrent callers get the same daemon. A daemon that is running but does not respond is waited for, and never ended.
 * @throws MeshproofError `ENGINE_PACKAGES`, `ENGINE_START` or `ENGINE_SILENT`
 */
export async function startPrivateEngine(
  task: TaskContext = {},
  settings: PrivateEngineSettings = privateEngineSettings(),
): Promise<string> {
  const files = privateEngineFiles(settings);
  const start = async (): Promise<string> => {
    await useEngine(settings.run);
    if ((await settledState(settings, task)) === 'answers') return files.host;
    await clearRemains(settings);
    await installEngine(task);
    await prepare(settings, isRestricted(await readHost()));
    await bridgeUp(settings, task);
    task.progress?.('starting a private Docker engine');
    await encloseBridges(settings);
    await launch(settings, task);
    return files.host;
  };
  return exclusively(lockName(settings), start, task, lockOptions(settings));
}

/** Registers this process as a user of the private engine; returns false if the engine is gone. */
export async function joinPrivateEngine(
  task: TaskContext = {},
  settings: PrivateEngineSettings = privateEngineSettings(),
): Promise<boolean> {
  const join = async (): Promise<boolean> => {
    if ((await privateEngineState(settings)) === 'gone') return false;
    await useEngine(settings.run);
    return true;
  };
  return exclusively(lockName(settings), join, task, lockOptions(settings));
}

/** Waits until the daemon responds or is gone. @throws MeshproofError `ENGINE_SILENT` */
async function settledState(settings: PrivateEngineSettings, task: TaskContext): Promise<EngineState> {
  const { patienceMs = 120_000 } = settings;
  const look = async (): Promise<EngineState | undefined> => {
    const state = await privateEngineState(settings);
    if (state !== 'silent') return state;
    task.progress?.('waiting for the private Docker engine, which runs but does not respond');
    return undefined;
  };
  const waiting = { what: 'the private Docker engine to respond', timeoutMs: patienceMs, ...(task.signal ? { signal: task.signal } : {}) };
  return until(look, waiting).catch(async (cause: unknown) => {
    task.signal?.throwIfAborted();
    const pids = (await daemons(settings)).map(({ pid }) => pid).join(', ') || 'with unknown PID';
    const message = `the private Docker engine (process ${pids}) is running, but has not responded for ${patienceMs / 1_000} s; it was left running`;
    throw new MeshproofError('ENGINE_SILENT', message, {
      cause,
      hint: 'try again when the machine is less busy; if the engine hangs, end that process, which also ends its clusters',
    });
  });
}

/**
 * Stops the daemon and removes its sockets, bridges and firewall rules. Images and containers stay on disk. Returns false and changes
 * nothing if the engine is or may be in use, by another process or by running containers.
 */
export async function stopPrivateEngine(
  task: TaskContext = {},
  settings: PrivateEngineSettings = privateEngineSettings(),
): Promise<boolean> {
  // Only root on Linux can have started one.
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return true;
  const stop = async (): Promise<boolean> => {
    if (await isInUse(settings)) return false;
    const bridges = await bridgesOf(settings);
    task.progress?.('stopping the private Docker engine');
    for (const daemon of await daemons(settings)) await endProcess(daemon, 60_000);
    // A daemon that could not be found by its configuration, e.g. in a container that uses this folder, must not be ended.
    if ((await privateEngineState(settings)) !== 'gone') return false;
    await clearRemains(settings);
    await restoreHost(privateEngineFiles(settings).before, bridges);
    await rm(settings.run, { recursive: true, force: true });
    return true;
  };
  return exclusively(lockName(settings), stop, task, lockOptions(settings));
}

function lockName({ run }: PrivateEngineSettings): string {
  return `private engine at ${run}`;
}

/** Next to the engine's folder, which is removed with the engine, in a folder that only root may write to. */
function lockOptions({ run }: PrivateEngineSettings): { folder: string } {
  return { folder: dirname(run) };
}

/** Ends the processes and removes the mounts that a dead daemon left, because both would disturb a new one. */
async function clearRemains(settings: PrivateEngineSettings): Promise<void> {
  for (const remaining of await privateEngineProcesses(settings)) await endProcess(remaining, 10_000);
  for (const path of daemonMounts(await readFile('/proc/self/mountinfo', 'utf8'), settings))
    await exec('umount', ['-l', path], { timeoutMs: 30_000 }).catch(() => '');
  const files = privateEngineFiles(settings);
  await Promise.all([files.socket, files.pid, files.execRoot].map((path) => rm(path, { recursive: true, force: true })));
}

/**
 * The mounts of a daemon in the content of /proc/PID/mountinfo, innermost first: all mounts in its run folder; in its data folder those at
 * least two levels deep, and the folder itself if it is mounted on itself, which a killed daemon leaves behind. Other mounts there are an
 * administrator's, who put the data on another volume.
 */
export function daemonMounts(mountinfo: string, settings: Pick<PrivateEngineSettings, 'run' | 'data'>): string[] {
  const { dataRoot } = privateEngineFiles(settings);
  const data = `${dataRoot}/`;
  const isInData = (path: string): boolean => path.startsWith(data) && path.slice(data.length).includes('/');
  const made = mountPoints(mountinfo).filter((path) => path.startsWith(`${settings.run}/`) || isInData(path));
  made.push(...selfMounts(mountinfo).filter((path) => path === dataRoot));
  return made.toSorted((a, b) => b.length - a.length);
}

async function prepare(settings: PrivateEngineSettings, restricted: boolean): Promise<void> {
  const files = privateEngineFiles(settings);
  await makeFolder(settings.run, 0o700);
  await makeFolder(settings.data);
  await copyFile(join(import.meta.dirname, 'restricted-runc'), files.runtime);
  await writeWhole(files.config, JSON.stringify(daemonConfig(settings, restricted), undefined, 2));
  await prepareHost(files.before);
}

async function bridgeUp({ bridge, gateway }: PrivateEngineSettings, task: TaskContext): Promise<void> {
  const ip = (args: string[]): Promise<string> => exec('ip', args, { ...task, env: { PATH: systemPath() }, timeoutMs: 30_000 });
  const exists = await ip(['link', 'show', bridge]).then(
    () => true,
    () => false,
  );
  if (!exists) await ip(['link', 'add', bridge, 'type', 'bridge']);
  await ip(['addr', 'replace', gateway, 'dev', bridge]);
  await ip(['link', 'set', bridge, 'up']);
}

/** Done before the daemon starts, because it may start containers at once. It keeps an existing chain. */
async function encloseBridges({ bridge }: PrivateEngineSettings): Promise<void> {
  const firewall = hostFirewall();
  await firewall.run(4, ['-N', 'DOCKER-USER']).catch(() => '');
  for (const enclosed of [bridge, BRIDGES.nodes]) await isolateBridge(firewall, enclosed, false);
}

async function launch(settings: PrivateEngineSettings, task: TaskContext): Promise<void> {
  const files = privateEngineFiles(settings);
  const log = await open(files.log, 'w');
  const daemon = spawn('dockerd', ['--config-file', files.config], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, PATH: systemPath() },
    cwd: '/',
  });
  let ended: string | undefined;
  daemon.once('error', (error) => (ended = causeOf(error)));
  daemon.once('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
  daemon.unref();
  const started = daemon.pid === undefined ? undefined : await identify(daemon.pid);
  try {
    await until(async () => ended !== undefined || (await privateEngineAnswers(settings)), {
      what: 'the private Docker engine to respond',
      timeoutMs: 120_000,
      ...(task.signal ? { signal: task.signal } : {}),
    });
    if (ended !== undefined) throw new MeshproofError('ENGINE_START', ended);
  } catch (error) {
    if (started !== undefined) await endProcess(started, 20_000);
    task.signal?.throwIfAborted();
    const said = (await readFile(files.log, 'utf8')).trim().split('\n').slice(-6).join('\n');
    throw new MeshproofError('ENGINE_START', `the private Docker engine did not start: ${causeOf(error)}\n${said}`, {
      cause: error,
      hint: `see its log: ${files.log}`,
    });
  } finally {
    await log.close();
  }
}

/** Names of the bridges that the engine created or was given. */
async function bridgesOf(settings: PrivateEngineSettings): Promise<string[]> {
  const env = { DOCKER_HOST: privateEngineFiles(settings).host };
  const docker = (args: string[]): Promise<string> => exec('docker', args, { env, timeoutMs: 20_000 });
  const ids = await docker(['network', 'ls', '--quiet', '--no-trunc', '--filter', 'driver=bridge']).catch(() => '');
  const format = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}';
  const lines = ids === '' ? '' : await docker(['network', 'inspect', '--format', format, ...ids.split('\n')]).catch(() => '');
  const named = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', name] = line.split(' ');
      return name ? name : `br-${id.slice(0, 12)}`;
    });
  return [...new Set([settings.bridge, ...named])];
}
