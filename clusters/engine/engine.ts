import { variable } from '../environment.ts';
import { MeshproofError } from '../errors.ts';
import { exec, type ExecOptions } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { isRestricted, readHost } from './host.ts';
import { privateEngineFiles, privateEngineSettings } from './private-engine-config.ts';

/** A Docker daemon that answers. */
export interface Engine {
  /** A DOCKER_HOST value. */
  host: string;
  /** Whether meshproof started it and may stop it. */
  private: boolean;
  /** For the programs that are to use it. */
  env: { DOCKER_HOST: string };
  /** Whether the host withholds what privileged containers ask for. */
  restricted: boolean;
  /** The cgroup hierarchy of the host that it runs on. */
  cgroup: 1 | 2;
  version: string;
  /** Whether its network devices and firewall are this process's to change: Linux, root, and a socket of this machine. */
  local: boolean;
  /** Runs the client and returns what it printed. */
  docker(args: readonly string[], options?: ExecOptions): Promise<string>;
}

/**
 * The engine that is known to run at a DOCKER_HOST value.
 * @throws MeshproofError `ENGINE_MISSING`
 */
export async function engineAt(host: string, task: TaskContext = {}): Promise<Engine> {
  const engine = await connectEngine(host, task);
  if (engine) return engine;
  throw new MeshproofError('ENGINE_MISSING', `no Docker engine responds at ${host}`, {
    hint: 'start it; its contents can only be removed while it runs',
  });
}

/** Every engine that may hold something of meshproof and answers: the one that the client would use, and the private one. Starts nothing. */
export async function findEngines(task: TaskContext = {}): Promise<Engine[]> {
  const hosts = new Set([variable('DOCKER_HOST') ?? (await defaultHost(task)), privateEngineFiles(privateEngineSettings()).host]);
  const engines = await Promise.all([...hosts].map(async (host) => (host === undefined ? undefined : connectEngine(host, task))));
  return engines.filter((engine) => engine !== undefined);
}

/** Where the client would go by itself; undefined without a client. */
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
  SecurityOptions?: string[];
}

/** What carries images or runs programs takes as long as they do. */
const LONG = new Set(['commit', 'cp', 'exec', 'export', 'import', 'load', 'pull', 'run', 'save']);

/** A daemon that hangs is told, instead of hanging with it. In milliseconds. */
function patienceFor([command = '']: readonly string[]): number {
  return LONG.has(command) ? 3_600_000 : 300_000;
}

/** The engine at a DOCKER_HOST value; undefined where none answers. */
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
    local: local && machine.root,
    docker: (args, options = {}) => exec('docker', args, { timeoutMs: patienceFor(args), ...options, env: { ...options.env, ...env } }),
  };
}
