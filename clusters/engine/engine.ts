import type { EngineOfCluster } from '../cluster.ts';
import { variable } from '../environment.ts';
import { MeshproofError } from '../errors.ts';
import { exec, type ExecOptions } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { isRestricted, readHost } from './host.ts';
import { privateEngineFiles, privateEngineSettings } from './private-engine-config.ts';

/** A Docker daemon that responds. */
export interface Engine {
  /** A DOCKER_HOST value. */
  host: string;
  /** Whether meshproof started it and may stop it. */
  private: boolean;
  /** Environment for programs that use it. */
  env: { DOCKER_HOST: string };
  /** Whether the host withholds a capability that privileged containers need. */
  restricted: boolean;
  /** The cgroup version of its host. */
  cgroup: 1 | 2;
  version: string;
  /** The folder with its images and containers, on its machine. */
  data: string;
  /** Whether this process may change its network devices and firewall: it is root on Linux, and the engine's socket is local. */
  local: boolean;
  /** Runs the Docker client and returns its output. */
  docker(args: readonly string[], options?: ExecOptions): Promise<string>;
}

/** How the record of a cluster names its engine. */
export const recordOf = ({ host, data }: Engine): EngineOfCluster => ({ dockerHost: host, dockerData: data });

/**
 * The engine at a DOCKER_HOST value, which is expected to run.
 * @throws MeshproofError `ENGINE_MISSING`
 */
export async function engineAt(host: string, task: TaskContext = {}): Promise<Engine> {
  const engine = await connectEngine(host, task);
  if (engine) return engine;
  throw new MeshproofError('ENGINE_MISSING', `no Docker engine responds at ${host}`, {
    hint: 'start it; its contents can only be removed while it runs',
  });
}

/** Every running engine that may contain something of meshproof: the client's default engine, and the private one. Starts nothing. */
export async function findEngines(task: TaskContext = {}): Promise<Engine[]> {
  const hosts = new Set([variable('DOCKER_HOST') ?? (await defaultHost(task)), privateEngineFiles(privateEngineSettings()).host]);
  const engines = await Promise.all([...hosts].map(async (host) => (host === undefined ? undefined : connectEngine(host, task))));
  return engines.filter((engine) => engine !== undefined);
}

/** The engine that the client uses by default; undefined without a client. */
export async function defaultHost(task: TaskContext): Promise<string | undefined> {
  return exec('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], { ...task, timeoutMs: 20_000 }).catch(
    (error: unknown) => {
      if (error instanceof MeshproofError) return undefined;
      throw error;
    },
  );
}

interface DockerInfo {
  ServerVersion?: string;
  CgroupVersion?: string;
  DockerRootDir?: string;
  SecurityOptions?: string[];
}

/** Commands that transfer images or run programs have no short time limit. */
const LONG = new Set(['commit', 'cp', 'exec', 'export', 'import', 'load', 'pull', 'run', 'save']);

/** The time limit of a command in milliseconds, so that a daemon that hangs is reported instead of waited for. */
function patienceFor([command = '']: readonly string[]): number {
  return LONG.has(command) ? 3_600_000 : 300_000;
}

/** The engine at a DOCKER_HOST value; undefined if none responds. */
export async function connectEngine(host: string, task: TaskContext): Promise<Engine | undefined> {
  const env = { DOCKER_HOST: host };
  let info: DockerInfo;
  try {
    info = JSON.parse(await exec('docker', ['info', '--format', '{{json .}}'], { ...task, env, timeoutMs: 20_000 }));
  } catch (error) {
    if (error instanceof MeshproofError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!info.ServerVersion) return undefined;
  const machine = await readHost();
  const rootless = info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false;
  const local = machine.platform === 'linux' && host.startsWith('unix://') && !rootless;
  return {
    host,
    private: host === privateEngineFiles(privateEngineSettings()).host,
    env,
    restricted: local && isRestricted(machine),
    cgroup: info.CgroupVersion === '2' ? 2 : 1,
    version: info.ServerVersion,
    data: info.DockerRootDir ?? '',
    local: local && machine.root,
    docker: (args, options = {}) => exec('docker', args, { timeoutMs: patienceFor(args), ...options, env: { ...options.env, ...env } }),
  };
}
