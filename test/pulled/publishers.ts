import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isRestricted, readHost } from '../../clusters/engine/host.ts';
import { exec } from '../../clusters/exec.ts';
import { artifact, type Artifact } from '../../clusters/images/cache.ts';
import { goArtifact } from '../../clusters/images/go.ts';
import { until } from '../../clusters/until.ts';
import { Authority } from '../../fixtures/external/authority.ts';
import { Room } from './room.ts';

/** The host of all stand-ins, with a reserved name and address (RFC 2606, RFC 5737). */
const HOST = 'registry.example.test';
const ADDRESS = '198.51.100.1';
const PORTS = { registry: 443, releases: 8443, faults: 9443 } as const;

/** The group that may use the engine in the room. */
export const DOCKER_GROUP = 64_123;

/** The stand-ins: a registry, a release page, a failing registry, and an engine that trusts them. */
export interface Publishers {
  room: Room;
  /** Prefix of image names in the registry. */
  registry: string;
  /** The release page for MESHPROOF_DOWNLOADS; its files are in `releaseFiles`. */
  releases: string;
  releaseFiles: string;
  /** Prefix of image names in the failing registry. */
  faults: string;
  /** The certificate of the CA that signed all of them. */
  authority: string;
}

/** The CNCF's registry program, which this module pins. */
const registryProgram = (): Promise<Artifact> =>
  goArtifact({
    module: { name: 'registry', folder: join(import.meta.dirname, 'registry') },
    binaries: { registry: 'github.com/distribution/distribution/v3/cmd/registry' },
  });

/** Starts all of them in a room of their own, which has no other network. */
export async function openPublishers(folder: string): Promise<Publishers> {
  const { certificate, key, authority } = await certify(folder);
  const trusted = join(folder, 'certs.d');
  for (const port of ['', `:${PORTS.faults}`]) {
    await mkdir(join(trusted, `${HOST}${port}`), { recursive: true });
    await exec('cp', [authority, join(trusted, `${HOST}${port}`, 'ca.crt')]);
  }
  const program = join(await artifact(await registryProgram(), {}), 'registry');
  const room = await Room.open({ hosts: { [HOST]: ADDRESS }, trusted });
  const releaseFiles = join(folder, 'releases');
  const server = (file: string) => [process.execPath, join(import.meta.dirname, file)];
  const begin = (name: string, command: readonly string[]): void => room.begin(command, join(folder, `${name}.log`));
  begin('registry', ['env', 'OTEL_TRACES_EXPORTER=none', program, 'serve', await registryConfig(folder, { certificate, key })]);
  begin('releases', [...server('release-page.ts'), releaseFiles, certificate, key, String(PORTS.releases)]);
  begin('faults', [...server('faulty-registry.ts'), certificate, key, String(PORTS.faults)]);
  begin('engine', ['dockerd', '--config-file', await engineConfig(folder)]);
  for (const port of Object.values(PORTS)) {
    const connect = () => room.exec(['bash', '-c', `exec 3<>/dev/tcp/${HOST}/${port}`]).then(() => true);
    await until(connect, { what: `port ${port} of ${HOST}`, timeoutMs: 60_000 });
  }
  await until(() => room.exec(['docker', 'version']).then(() => true), { what: 'the engine in the room', timeoutMs: 120_000 });
  return {
    room,
    registry: HOST,
    releases: `https://${HOST}:${PORTS.releases}`,
    releaseFiles,
    faults: `${HOST}:${PORTS.faults}`,
    authority,
  };
}

async function certify(folder: string): Promise<Record<'certificate' | 'key' | 'authority', string>> {
  const authority = new Authority();
  const issued = await authority.issue(HOST);
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  return {
    certificate: await write('server.crt', issued.certificate),
    key: await write('server.key', issued.key),
    authority: await write('authority.crt', authority.root),
  };
}

async function registryConfig(folder: string, tls: { certificate: string; key: string }): Promise<string> {
  const file = join(folder, 'registry.json');
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'registry') } },
    http: { addr: `:${PORTS.registry}`, tls },
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** An engine at the usual socket, for a group as on most machines, which uses the stand-in registry in place of Docker Hub. */
async function engineConfig(folder: string): Promise<string> {
  const file = join(folder, 'daemon.json');
  const path = join(import.meta.dirname, '../../clusters/engine/restricted-runc');
  const config = {
    hosts: ['unix:///run/docker.sock'],
    group: String(DOCKER_GROUP),
    'data-root': join(folder, 'engine'),
    'exec-root': '/run/docker-exec',
    pidfile: '/run/docker.pid',
    'registry-mirrors': [`https://${HOST}`],
    'max-download-attempts': 1,
    ...(isRestricted(await readHost()) ? { runtimes: { restricted: { path } }, 'default-runtime': 'restricted' } : {}),
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}
