import { realpath } from 'node:fs/promises';

import type { HostFacts } from '../../clusters/engine/host.ts';
import { privateEngineFiles, privateEngineSettings } from '../../clusters/engine/private-engine-config.ts';
import { variable } from '../../clusters/environment.ts';
import { exec } from '../../clusters/exec.ts';
import { onPath } from '../../clusters/images/packages.ts';
import { inGib, LEAST_DISK } from '../run/disk.ts';
import { diskFreeAt } from './disk-free.ts';
import { answeringEngines, type EngineInfo } from './engine-info.ts';
import { inTime, judge, type Finding } from './finding.ts';

const PATIENCE_MS = 1_500;
const category = 'engine';

/** Whether a Docker engine responds or can be started, and whether it is of a kind that nodes cannot run on. Starts nothing. */
export async function engineFindings(host: HostFacts): Promise<Finding[]> {
  const about = { category, check: 'a Docker engine runs or can be started' };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const named = variable('DOCKER_HOST');
  const [found, client] = await Promise.all([answeringEngines(signal), clientFindings(signal)]);
  const ours = privateEngineFiles(privateEngineSettings()).host;
  const [used] = found;
  if (used === undefined) {
    if (signal.aborted)
      return [...client, judge({ ...about, seen: `no answer within ${PATIENCE_MS} ms` }, false, 'warning', 'run docker info for details')];
    return [...client, named === undefined ? none(host) : nobodyAt(named)];
  }
  const answering = found.map(({ at, info }): Finding => ({
    ...about,
    status: 'ok',
    seen: `Docker ${info.ServerVersion ?? ''} at ${at}${at === ours ? ' (private)' : ''}`,
  }));
  return [...answering, ...client, ...(await daemonFindings(used.at, used.info))];
}

function none(host: HostFacts): Finding {
  const possible = host.platform === 'linux' && host.root;
  const seen = possible ? 'none is running; a private engine will be started' : 'none is running';
  const about = { category, check: 'a Docker engine runs or can be started', seen };
  return judge(about, possible, 'failed', 'start Docker, or set DOCKER_HOST, or on Linux run as root');
}

function nobodyAt(named: string): Finding {
  const about = { category, check: 'a Docker engine runs or can be started', seen: `none is running at DOCKER_HOST=${named}` };
  return judge(about, false, 'failed', 'start it, or unset DOCKER_HOST');
}

/** Examines the program named docker: kind needs the real one, which must be able to read files outside the home folder. */
async function clientFindings(signal: AbortSignal): Promise<Finding[]> {
  const path = await onPath('docker');
  if (path === undefined) return [];
  const [target, version] = await Promise.all([realpath(path), inTime(exec(path, ['--version'], { signal }), signal)]);
  const findings: Finding[] = [];
  if (version !== undefined && /podman/i.test(version)) {
    findings.push({
      category,
      check: 'the docker command is Docker',
      status: 'failed',
      seen: `${path} is ${version.split('\n')[0]}`,
      hint: 'nodes do not start on rootless Podman; install Docker, or let meshproof start a private engine as root: sudo npx meshproof up',
    });
  }
  if (/\/snap\//.test(target) || target.endsWith('/snap')) findings.push(snap(path));
  return findings;
}

function snap(seen: string): Finding {
  return {
    category,
    check: 'Docker is not a snap',
    status: 'warning',
    seen,
    hint: 'the snap can only read non-hidden folders below the home folder: set MESHPROOF_CACHE to one of them, or install Docker from its packages',
  };
}

/** Facts that the daemon reports about itself. */
async function daemonFindings(host: string, info: EngineInfo): Promise<Finding[]> {
  const { DockerRootDir: root = '', SecurityOptions: security = [], CgroupVersion: cgroup, Driver: driver = '' } = info;
  const rootless = security.some((option) => option.includes('rootless'));
  const findings = [
    judge(
      {
        category,
        check: 'the engine can run nodes',
        seen: rootless ? `rootless, cgroup version ${cgroup ?? 'unknown'}` : 'it runs as root',
      },
      !rootless || cgroup === '2',
      'failed',
      'rootless Docker can only run nodes with cgroup version 2: boot with systemd.unified_cgroup_hierarchy=1, or use a daemon that runs as root',
    ),
    judge(
      { category, check: 'the storage driver supports overlays', seen: driver },
      /overlay|btrfs|zfs/.test(driver),
      'warning',
      'the driver vfs copies every layer of every node: see "storage driver" in Docker’s documentation',
    ),
  ];
  if (root.startsWith('/var/snap/')) findings.push(snap(root));
  const free = host.startsWith('unix:') ? await diskFreeAt(root) : undefined;
  if (free !== undefined) {
    const about = { category, check: "the engine's folder has room for a node", seen: `${inGib(free)} at ${root}` };
    findings.push(judge(about, free >= LEAST_DISK, 'failed', 'docker system prune removes unused data'));
  }
  return findings;
}
