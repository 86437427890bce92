import { join } from 'node:path';

import { cacheFolder } from '../paths.ts';
import { ADDRESSES, BRIDGES } from './addresses.ts';

/** Where a private engine keeps what, and which addresses it may give out. */
export interface PrivateEngineSettings {
  /**
   * Sockets, configuration, pid file and mounts. Under /run because a socket's path is limited to 108 bytes, which a cache folder's may
   * exceed, and because none of it means anything after a reboot.
   */
  run: string;
  /** Images and containers, and the daemon's log. Survives. */
  data: string;
  bridge: string;
  gateway: string;
  pool: string;
  /** How long a daemon that runs may take to answer, in milliseconds; default two minutes. Longer than that is told, and nothing is ended. */
  patienceMs?: number;
}

/** One private engine a machine: a second one would fight over its addresses. */
export function privateEngineSettings(): PrivateEngineSettings {
  return {
    run: '/run/meshproof',
    data: join(cacheFolder(), 'engine'),
    bridge: BRIDGES.engine,
    gateway: ADDRESSES.engineGateway,
    pool: ADDRESSES.engineNetworks,
  };
}

export interface PrivateEngineFiles {
  /** A DOCKER_HOST value. */
  host: string;
  socket: string;
  pid: string;
  execRoot: string;
  /** What survives of it: images and containers. */
  dataRoot: string;
  config: string;
  log: string;
  /** Kept with the data although the original is at hand: a checkout may move while containers run. */
  runtime: string;
  /** How the host was before, to be put back in the end. */
  before: string;
}

export function privateEngineFiles({ run, data }: Pick<PrivateEngineSettings, 'run' | 'data'>): PrivateEngineFiles {
  const socket = join(run, 'docker.sock');
  return {
    host: `unix://${socket}`,
    socket,
    pid: join(run, 'docker.pid'),
    execRoot: join(run, 'exec'),
    dataRoot: join(data, 'data'),
    config: join(run, 'daemon.json'),
    log: join(data, 'daemon.log'),
    runtime: join(data, 'restricted-runc'),
    before: join(run, 'before.json'),
  };
}

/** The configuration file of dockerd. */
export function daemonConfig(settings: PrivateEngineSettings, restricted: boolean): Record<string, unknown> {
  const files = privateEngineFiles(settings);
  return {
    hosts: [files.host],
    'data-root': files.dataRoot,
    'exec-root': files.execRoot,
    pidfile: files.pid,
    bridge: settings.bridge,
    'default-address-pools': [{ base: settings.pool, size: 24 }],
    // A containerd that runs already is shared with a system Docker, but not its names.
    'containerd-namespace': 'meshproof',
    // Names from outside are nobody's business in a hermetic cluster, and an unanswered query would wait for its time-out.
    dns: [ADDRESSES.nobody],
    'log-level': 'warn',
    'log-opts': { 'max-size': '20m', 'max-file': '2' },
    ...(restricted ? { runtimes: { restricted: { path: files.runtime } }, 'default-runtime': 'restricted' } : {}),
  };
}
