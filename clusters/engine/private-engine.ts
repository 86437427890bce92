import { spawn } from 'node:child_process';
import { copyFile, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { causeOf, MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { until } from '../until.ts';
import type { Work } from '../work.ts';
import { BRIDGES } from './addresses.ts';
import { otherUsers, useEngine } from './engine-users.ts';
import { exclusively } from './exclusive.ts';
import { hostFirewall } from './firewall.ts';
import { removalOfEngineRules } from './firewall-rules.ts';
import { enclose } from './hermetic.ts';
import { isRestricted, readHost } from './host.ts';
import { installEngine, systemPath } from './packages.ts';
import { daemonConfig, privateEngineFiles, privateEngineSettings, type PrivateEngineSettings } from './private-engine-config.ts';
import { endProcess, processesWith } from './processes.ts';

/** Whether the private engine's daemon answers on its socket. */
export async function privateEngineAnswers(settings: PrivateEngineSettings = privateEngineSettings()): Promise<boolean> {
  const { host } = privateEngineFiles(settings);
  return exec('docker', ['version', '--format', '{{.Server.Version}}'], { env: { DOCKER_HOST: host }, timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * Installs what is missing, starts the daemon unless it runs, and returns its DOCKER_HOST value once it answers.
 * The daemon outlives this process. Two callers at once get the same one.
 * @throws MeshproofError `ENGINE_PACKAGES` or `ENGINE_START`.
 */
export async function startPrivateEngine(work: Work = {}, settings: PrivateEngineSettings = privateEngineSettings()): Promise<string> {
  const files = privateEngineFiles(settings);
  return exclusively(
    lockName(settings),
    async () => {
      await useEngine(settings.run);
      if (await privateEngineAnswers(settings)) return files.host;
      await clearRemains(settings);
      await installEngine(work);
      const host = await readHost();
      await prepare(settings, isRestricted(host));
      await bridgeUp(settings, work);
      work.progress?.('starting a private Docker engine');
      await encloseBridges(settings);
      await launch(settings, work);
      return files.host;
    },
    work,
  );
}

/**
 * Stops the daemon, and takes its sockets, bridges and firewall rules away. Images and containers stay on disk.
 * One that is in use, by another process or by running containers, is left alone; then the answer is false.
 */
export async function stopPrivateEngine(work: Work = {}, settings: PrivateEngineSettings = privateEngineSettings()): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  return exclusively(
    lockName(settings),
    async () => {
      if (await isInUse(settings)) return false;
      const bridges = await bridgesOf(settings);
      work.progress?.('stopping the private Docker engine');
      for (const pid of await daemons(settings)) await endProcess(pid, 60_000);
      await clearRemains(settings);
      await restoreHost(settings, bridges);
      await rm(settings.run, { recursive: true, force: true });
      return true;
    },
    work,
  );
}

async function isInUse(settings: PrivateEngineSettings): Promise<boolean> {
  const env = { DOCKER_HOST: privateEngineFiles(settings).host };
  const running = await exec('docker', ['ps', '--quiet'], { env, timeoutMs: 10_000 }).catch(() => '');
  return running !== '' || (await otherUsers(settings.run)).length > 0;
}

/** Processes of the private engine: its dockerd, its containerd, and the shims of its containers. */
export async function privateEngineProcesses(settings: PrivateEngineSettings = privateEngineSettings()): Promise<number[]> {
  const found = await Promise.all([daemons(settings), processesWith(join(settings.run, 'exec'))]);
  return [...new Set(found.flat())];
}

async function daemons(settings: PrivateEngineSettings): Promise<number[]> {
  const files = privateEngineFiles(settings);
  const noted = Number(await readFile(files.pid, 'utf8').catch(() => '0'));
  const found = await processesWith('dockerd', files.config);
  // After a crash the number may be anybody's.
  return (await processesWith('dockerd')).filter((pid) => pid === noted || found.includes(pid));
}

function lockName({ run }: PrivateEngineSettings): string {
  return `private engine ${createHash('sha256').update(run).digest('hex').slice(0, 8)}`;
}

/** Ends what a daemon that was killed left running, and unmounts what it left mounted: a new one would stumble over both. */
async function clearRemains(settings: PrivateEngineSettings): Promise<void> {
  for (const pid of await privateEngineProcesses(settings)) await endProcess(pid, 10_000);
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  const ours = mounts.filter((path) => path.startsWith(`${settings.run}/`) || path.startsWith(`${settings.data}/`));
  // The innermost first.
  for (const path of ours.toSorted((a, b) => b.length - a.length)) await exec('umount', ['-l', path]).catch(() => '');
  const files = privateEngineFiles(settings);
  await Promise.all([files.socket, files.pid, files.execRoot].map((path) => rm(path, { recursive: true, force: true })));
}

async function prepare(settings: PrivateEngineSettings, restricted: boolean): Promise<void> {
  const files = privateEngineFiles(settings);
  await mkdir(settings.run, { recursive: true, mode: 0o700 });
  await mkdir(settings.data, { recursive: true });
  await copyFile(join(import.meta.dirname, 'restricted-runc'), files.runtime);
  await writeFile(files.config, JSON.stringify(daemonConfig(settings, restricted), undefined, 2));
  const before: Before = {
    forwarding: (await readFile(FORWARDING, 'utf8')).trim(),
    forwardPolicy: /^-P FORWARD (\S+)/m.exec(await hostFirewall().run(4, ['-S', 'FORWARD']))?.[1] ?? 'ACCEPT',
    inotifyInstances: (await readFile(INOTIFY_INSTANCES, 'utf8')).trim(),
  };
  // `wx`: what was there before the first start counts.
  await writeFile(files.before, JSON.stringify(before), { flag: 'wx' }).catch(() => undefined);
  const enough = Math.max(Number(before.inotifyInstances), ENOUGH_INOTIFY_INSTANCES);
  await writeFile(INOTIFY_INSTANCES, String(enough)).catch(() => undefined);
}

async function bridgeUp({ bridge, gateway }: PrivateEngineSettings, work: Work): Promise<void> {
  const ip = (args: string[]): Promise<string> => exec('ip', args, { ...work, env: { PATH: systemPath() } });
  const exists = await ip(['link', 'show', bridge]).then(
    () => true,
    () => false,
  );
  if (!exists) await ip(['link', 'add', bridge, 'type', 'bridge']);
  await ip(['addr', 'replace', gateway, 'dev', bridge]);
  await ip(['link', 'set', bridge, 'up']);
}

/** Before the daemon starts, because it may start containers at once. It keeps the chain that it finds. */
async function encloseBridges({ bridge }: PrivateEngineSettings): Promise<void> {
  const firewall = hostFirewall();
  await firewall.run(4, ['-N', 'DOCKER-USER']).catch(() => '');
  for (const enclosed of [bridge, BRIDGES.nodes]) await enclose(firewall, enclosed, false);
}

async function launch(settings: PrivateEngineSettings, work: Work): Promise<void> {
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
  try {
    await until(async () => ended !== undefined || (await privateEngineAnswers(settings)), {
      what: 'the private Docker engine to answer',
      timeoutMs: 120_000,
      ...(work.signal ? { signal: work.signal } : {}),
    });
    if (ended !== undefined) throw new MeshproofError('ENGINE_START', ended);
  } catch (error) {
    if (daemon.pid !== undefined) await endProcess(daemon.pid, 20_000);
    work.signal?.throwIfAborted();
    const said = (await readFile(files.log, 'utf8')).trim().split('\n').slice(-6).join('\n');
    throw new MeshproofError('ENGINE_START', `the private Docker engine did not start: ${causeOf(error)}\n${said}`, {
      cause: error,
      hint: `its whole log is ${files.log}`,
    });
  } finally {
    await log.close();
  }
}

interface Before {
  forwarding: string;
  forwardPolicy: string;
  inotifyInstances: string;
}

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const INOTIFY_INSTANCES = '/proc/sys/fs/inotify/max_user_instances';
/** Each proxy's agent holds one, and they are counted by user over all clusters: with the usual 128 a third cluster's pods hang. kind asks for 512. */
const ENOUGH_INOTIFY_INSTANCES = 1024;

/** Names of the bridges that the engine made or was given. */
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

async function restoreHost(settings: PrivateEngineSettings, bridges: readonly string[]): Promise<void> {
  const shared = (await processesWith('dockerd')).length > 0;
  const before = await howItWas(settings);
  const firewall = hostFirewall();
  for (const family of [4, 6] as const) {
    const saved = await firewall.saved(family).catch(() => undefined);
    for (const args of saved ? removalOfEngineRules(saved, { bridges, shared }) : []) await firewall.run(family, args);
  }
  for (const bridge of bridges) await exec('ip', ['link', 'del', bridge], { env: { PATH: systemPath() } }).catch(() => '');
  if (shared || before === undefined) return;
  await firewall.run(4, ['-P', 'FORWARD', before.forwardPolicy]);
  await writeFile(FORWARDING, before.forwarding);
  if (before.inotifyInstances) await writeFile(INOTIFY_INSTANCES, before.inotifyInstances);
}

async function howItWas(settings: PrivateEngineSettings): Promise<Before | undefined> {
  const text = await readFile(privateEngineFiles(settings).before, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}
