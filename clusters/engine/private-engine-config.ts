import { dirname, join } from 'node:path';

import { cacheFolder } from '../paths.ts';
import { ADDRESSES, BRIDGES } from './addresses.ts';

/** The folders and address ranges of a private engine. */
export interface PrivateEngineSettings {
  /**
   * Sockets, configuration, PID file and mounts. It is under /run because the path of a socket is limited to 108 bytes, which a cache
   * folder might exceed, and because nothing in it is of use after a reboot.
   */
  run: string;
  /** Images, containers and the daemon's log, which are kept. */
  data: string;
  bridge: string;
  gateway: string;
  pool: string;
  /**
   * How long a running daemon may take to respond, in milliseconds; default two minutes. After that an error is reported, but no process is
   * ended.
   */
  patienceMs?: number;
}

/** There is one private engine on a machine, because a second one would use the same addresses. */
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
  /** Images and containers, which are kept. */
  dataRoot: string;
  config: string;
  log: string;
  /** A copy in the data folder, because a checkout may be moved while containers run. */
  runtime: string;
  /** The recorded state of the host, for its restoration. */
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

/** The setting with which a private engine gets this data folder, if it was a private engine's. */
export function privateEngineOver(dataRoot: string | undefined): Pick<PrivateEngineSettings, 'data'> | undefined {
  const data = dirname(dataRoot ?? '');
  return dataRoot === privateEngineFiles({ run: '', data }).dataRoot ? { data } : undefined;
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
    // A running containerd is shared with a system Docker, under a namespace of its own.
    'containerd-namespace': 'meshproof',
    // A hermetic cluster resolves no external names, and an unanswered query would wait for its time-out.
    dns: [ADDRESSES.nobody],
    'log-level': 'warn',
    'log-opts': { 'max-size': '20m', 'max-file': '2' },
    ...(restricted ? { runtimes: { restricted: { path: files.runtime } }, 'default-runtime': 'restricted' } : {}),
  };
}
