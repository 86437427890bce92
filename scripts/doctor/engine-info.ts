import http from 'node:http';

import { privateEngineFiles, privateEngineSettings } from '../../clusters/engine/private-engine-config.ts';
import { variable } from '../../clusters/environment.ts';
import { exec } from '../../clusters/exec.ts';
import { inTime } from './finding.ts';

/** The fields of Docker's /info that are read. Podman's response differs. */
export interface EngineInfo {
  ServerVersion?: string;
  DockerRootDir?: string;
  SecurityOptions?: string[];
  CgroupVersion?: string;
  Driver?: string;
  RegistryConfig?: { Mirrors?: string[] };
}

/**
 * Queries the engine at a DOCKER_HOST value; undefined if none responds. A local socket is queried without the client, which takes a second
 * on a busy machine to find its plug-ins.
 */
async function engineInfo(host: string, signal: AbortSignal): Promise<EngineInfo | undefined> {
  const text = host.startsWith('unix://')
    ? await overSocket(host, '/info', signal)
    : await exec('docker', ['info', '--format', '{{json .}}'], { signal, env: { DOCKER_HOST: host } }).catch(() => '');
  try {
    const info: EngineInfo = JSON.parse(text);
    return info.ServerVersion === undefined || info.ServerVersion === '' ? undefined : info;
  } catch {
    return undefined;
  }
}

async function overSocket(host: string, path: string, signal: AbortSignal): Promise<string> {
  const socketPath = host.slice('unix://'.length);
  return await new Promise((resolve) => {
    const request = http.get({ socketPath, path, headers: { host: 'docker' }, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(''));
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    request.on('error', () => resolve(''));
  });
}

/** Whether the engine at a DOCKER_HOST value has an image of that name. */
export async function hasImage(host: string, name: string, signal: AbortSignal): Promise<boolean> {
  if (!host.startsWith('unix://')) {
    const asking = exec('docker', ['image', 'inspect', '--format', '{{.Id}}', name], { signal, env: { DOCKER_HOST: host } });
    return (await inTime(asking, signal)) !== undefined;
  }
  return /"Id"\s*:/.test(await overSocket(host, `/images/${name}/json`, signal));
}

/** The engines that respond, starting with the one that clusters would be created on. If DOCKER_HOST is set, only that one counts. */
export async function answeringEngines(signal: AbortSignal): Promise<{ at: string; info: EngineInfo }[]> {
  const named = variable('DOCKER_HOST');
  const ours = privateEngineFiles(privateEngineSettings()).host;
  const hosts = named === undefined ? [...new Set([await engineHost(signal), ours])] : [named];
  const infos = await Promise.all(hosts.map(async (at) => ({ at, info: await engineInfo(at, signal) })));
  return infos.flatMap(({ at, info }) => (info === undefined ? [] : [{ at, info }]));
}

/** The engine that the client uses by default: that of its context, or else Docker's own socket. */
async function engineHost(signal: AbortSignal): Promise<string> {
  const asking = exec('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], { signal });
  return (await inTime(asking, signal))?.trim() || 'unix:///var/run/docker.sock';
}
