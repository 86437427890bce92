import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import type { Finding } from '../../scripts/doctor/finding.ts';
import { StandInApi } from '../kubernetes/stand-in-api.ts';
import { meshproof } from './run.ts';

/** A folder with a short path, because a socket's path is limited to 108 bytes. */
const test = base.extend<{ place: string }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
  place: async ({}, use) => {
    const place = await mkdtemp(join(tmpdir(), 'mp-'));
    await use(place);
    await rm(place, { recursive: true, force: true });
  },
});

/** A stand-in engine for doctor: Docker's /info on a socket. */
const ENGINE = {
  ServerVersion: '28.1.0',
  DockerRootDir: '/',
  Driver: 'overlay2',
  CgroupVersion: '2',
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
};

async function serveEngine(place: string, info: object): Promise<{ host: string; close: () => void }> {
  const server = http.createServer((_, response) => response.end(JSON.stringify(info)));
  const socket = join(place, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { host: `unix://${socket}`, close: () => server.close() };
}

/** Masks what differs between machines: numbers, paths, and for facts about the machine also marks and hints. */
function masked(text: string, place: string): string {
  const sections = text.replaceAll(place, 'PLACE').split('\n\n');
  const ofTheMachine = /^(machine|limits|kernel|network|tools|images)\n/;
  const marks = (section: string) => section.replaceAll(/^(√|‼|×) ([^:]+): .*$/gm, '· $2: SEEN').replaceAll(/^ {4}.*\n?/gm, '');
  return sections
    .map((section) => (ofTheMachine.test(section) ? marks(section).trimEnd() : section.replaceAll(/(?<![A-Za-z])v?\d+(\.\d+)*/g, 'N')))
    .join('\n\n')
    .replace(/^Status check.*$/m, 'Status check');
}

const golden = async (state: string) => (await readFile(join(import.meta.dirname, 'doctor', `${state}.txt`), 'utf8')).trimEnd();

/** The lines of one category, and whether everything is healthy. */
async function examine(env: Record<string, string>, args: readonly string[] = ['--no-network']) {
  const { exitCode, stdout, stderr } = await meshproof(['doctor', '--output=json', ...args], env);
  expect(stderr).toBe('');
  const { healthy, findings }: { healthy: boolean; findings: Finding[] } = JSON.parse(stdout);
  expect(healthy).toBe(findings.every(({ status }) => status !== 'failed'));
  expect(exitCode).toBe(healthy ? 0 : 3);
  return findings;
}

const failed = (findings: readonly Finding[]) => findings.filter(({ status }) => status === 'failed');

test('Prints the documented fields with --output=json, and derives the exit code from them', async ({ place }) => {
  for (const finding of await examine({ MESHPROOF_CACHE: place })) {
    expect(finding).toEqual({
      category: expect.stringMatching(/^[a-z]+$/),
      check: expect.stringMatching(/./),
      status: expect.stringMatching(/^(ok|warning|failed)$/),
      seen: expect.stringMatching(/./),
      ...(finding.status === 'ok' ? {} : { hint: expect.stringMatching(/./) }),
    });
  }
  const { stdout } = await meshproof(['doctor', '--help']);
  for (const field of ['healthy', 'findings[].category', 'findings[].check', 'findings[].status', 'findings[].seen', 'findings[].hint']) {
    expect(stdout).toContain(field);
  }
});

test('Finds nothing wrong with a good machine', async ({ place }) => {
  test.skip(process.platform !== 'linux', 'the lines about the kernel are those of Linux');
  const engine = await serveEngine(place, ENGINE);
  const { stdout } = await meshproof(['doctor', '--no-network'], { MESHPROOF_CACHE: join(place, 'cache'), DOCKER_HOST: engine.host });
  engine.close();
  expect(masked(stdout, place)).toBe(await golden('good-machine'));
});

test('Reports that no engine responds', async ({ place }) => {
  const findings = await examine({ MESHPROOF_CACHE: place, DOCKER_HOST: `unix://${place}/none.sock` });
  expect(failed(findings).filter(({ category }) => category === 'engine')).toEqual([
    {
      category: 'engine',
      check: 'a Docker engine runs or can be started',
      status: 'failed',
      seen: `none is running at DOCKER_HOST=unix://${place}/none.sock`,
      hint: 'start it, or unset DOCKER_HOST',
    },
  ]);
});

const UNFIT: readonly [string, object, Partial<Finding>][] = [
  [
    'that is rootless with cgroup version 1',
    { ...ENGINE, CgroupVersion: '1', SecurityOptions: ['name=rootless'] },
    { check: 'the engine can run nodes', status: 'failed' },
  ],
  [
    'from a snap',
    { ...ENGINE, DockerRootDir: '/var/snap/docker/common/var-lib-docker' },
    { check: 'Docker is not a snap', status: 'warning' },
  ],
  ['without overlays', { ...ENGINE, Driver: 'vfs' }, { check: 'the storage driver supports overlays', status: 'warning' }],
];

for (const [what, info, expected] of UNFIT) {
  test(`Reports an engine ${what}`, async ({ place }) => {
    const engine = await serveEngine(place, info);
    const findings = await examine({ MESHPROOF_CACHE: place, DOCKER_HOST: engine.host });
    engine.close();
    expect(findings).toContainEqual(expect.objectContaining({ ...expected, hint: expect.stringMatching(/./) }));
  });
}

for (const [from, isDownloaded] of [
  ['pull', true],
  ['FOLDER', true],
  ['build', false],
] as const) {
  test(`${isDownloaded ? 'Names the programs' : 'Names no program'} that --images=${from} downloads without a checksum in the lock`, async ({
    place,
  }) => {
    const env = { MESHPROOF_CACHE: place, PATH: place, DOCKER_HOST: `unix://${place}/none.sock` };
    const findings = await examine(env, ['--no-network', `--images=${from.replace('FOLDER', place)}`]);
    const about = { category: 'tools', check: 'downloaded programs are pinned', status: 'ok' };
    const seen = 'only by the checksums that their releases publish: kind, istioctl; npx meshproof images lock pins them';
    expect(findings.filter(({ check }) => check === about.check)).toEqual(isDownloaded ? [{ ...about, seen }] : []);
  });
}

test('Rejects Podman under the name docker, and prints the command that works', async ({ place }) => {
  await writeFile(join(place, 'docker'), '#!/bin/sh\necho "podman version 5.4.0"\n', { mode: 0o755 });
  const PATH = `${place}:${process.env['PATH'] ?? ''}`;
  const findings = await examine({ MESHPROOF_CACHE: place, PATH, DOCKER_HOST: `unix://${place}/none.sock` });
  const hint = expect.stringContaining('sudo npx meshproof up');
  expect(findings).toContainEqual(expect.objectContaining({ check: 'the docker command is Docker', status: 'failed', hint }));
});

test('Reports a full disk', async () => {
  test.skip(process.platform !== 'linux', 'needs a file system without room');
  expect(failed(await examine({ MESHPROOF_CACHE: '/sys/meshproof' }))).toContainEqual({
    category: 'machine',
    check: 'the cache folder has 12 GiB free',
    status: 'failed',
    seen: '0.0 GiB at /sys/meshproof',
    hint: 'building every image takes about 10 GiB once; set MESHPROOF_CACHE to use another folder',
  });
});

test('Reports that another program uses the port of a cluster', async ({ place }) => {
  const other = net.createServer((socket) => socket.on('error', () => undefined).end('not a cluster\n', () => socket.destroy()));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const at = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const env = { MESHPROOF_CACHE: place, MESHPROOF_STATE: join(place, 'state') };
  const cluster = join(env.MESHPROOF_STATE, 'clusters/meshproof-taken');
  await mkdir(cluster, { recursive: true });
  const content = { clusters: [{ name: 'c', cluster: { server: `https://${at}`, 'certificate-authority-data': 'AAAA' } }] };
  await writeFile(join(cluster, 'kubeconfig'), JSON.stringify(content));
  const about = { category: 'clusters', check: 'meshproof-taken responds on its port' };
  expect(failed(await examine(env))).toContainEqual({
    ...about,
    status: 'failed',
    seen: `${at}: taken by another program`,
    hint: 'stop the program that uses the port (ss -ltnp), or remove the cluster: npx meshproof down meshproof-taken',
  });
  await new Promise((resolve) => other.close(resolve));
  expect(await examine(env)).toContainEqual(expect.objectContaining({ ...about, status: 'warning', seen: `${at}: connection refused` }));
});

test('Reports truncated files of clusters without failing', async ({ place }) => {
  const env = { MESHPROOF_CACHE: place, MESHPROOF_STATE: join(place, 'state') };
  const files = {
    'meshproof-half/cluster.json': '{"name": "mesh',
    'meshproof-cut/kubeconfig': 'clusters: [{',
    'meshproof-none/kubeconfig': '',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(env.MESHPROOF_STATE, 'clusters', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const bad = failed(await examine(env)).filter(({ category }) => category === 'clusters');
  expect(bad.map(({ check }) => check)).toEqual([
    'the description of meshproof-half can be read',
    'the kubeconfig of meshproof-cut can be read',
    'the kubeconfig of meshproof-none can be read',
  ]);
  expect(bad[0]).toMatchObject({ seen: expect.stringContaining('cluster.json'), hint: expect.stringContaining('docker ps') });
});

test('Reports folders that cannot be written or read', async ({ place }) => {
  await writeFile(join(place, 'file'), '');
  const findings = failed(await examine({ MESHPROOF_CACHE: join(place, 'cache'), MESHPROOF_STATE: join(place, 'file') }));
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['the folders for the cache and for clusters can be written', 'the clusters of this user can be listed']),
  );
});

test('Reports missing permissions on a cluster', async ({ place }) => {
  const api = await StandInApi.start();
  api.intercept = ({ path, method }) => {
    if (path === '/version') return { status: 200, body: { gitVersion: 'v1.35.4' } };
    if (path.endsWith('/selfsubjectreviews')) return { status: 201, body: { status: { userInfo: { username: 'nobody-in-particular' } } } };
    if (path.endsWith('/selfsubjectaccessreviews')) return { status: 201, body: { status: { allowed: false } } };
    const message = `${method} ${path} is forbidden`;
    return path.endsWith('/api/v1') ? undefined : { status: 403, body: { kind: 'Status', message, reason: 'Forbidden', code: 403 } };
  };
  const kubeconfig = api.writeKubeconfig(join(place, 'kubeconfig'));
  const args = ['doctor', '--provider=existing', '--context=stand-in', `--kubeconfig=${kubeconfig}`, '--check=routing/canary-header'];
  const { exitCode, stdout } = await meshproof(args);
  const said = stdout.replace(api.address, 'SERVER');
  await api.stop();
  expect(masked(said, place)).toBe(await golden('cluster-without-rights'));
  expect(exitCode).toBe(3);
});

test('Queries package registries at their configured addresses', async ({ place }) => {
  const registry = http.createServer((_, response) => response.end());
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const address = registry.address();
  const here = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const env = {
    MESHPROOF_CACHE: place,
    NPM_CONFIG_REGISTRY: here,
    PIP_INDEX_URL: 'http://127.0.0.1:1/simple',
    DOCKER_HOST: `unix://${place}/x`,
  };
  const findings = await examine(env, []);
  registry.close();
  const of = (check: string) => findings.find((finding) => finding.category === 'packages' && finding.check.startsWith(check));
  expect(of('the npm registry')).toMatchObject({ status: 'ok', seen: here });
  expect(of('Python')).toMatchObject({
    status: 'warning',
    seen: expect.stringContaining('http://127.0.0.1:1: '),
    hint: expect.stringMatching(/proxies/),
  });
});
