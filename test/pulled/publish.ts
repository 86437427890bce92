import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { exec } from '../../clusters/exec.ts';
import { imageArtifact, imageTable } from '../../clusters/images/build.ts';
import { artifact, digestOf } from '../../clusters/images/cache.ts';
import { bake, loadNodeBase, type Docker } from '../../clusters/images/node-image.ts';
import { PUBLISHED_NODE } from '../../clusters/images/node-pulled.ts';
import { mirrored } from '../../clusters/images/registry.ts';
import type { Platform } from '../../clusters/images/releases.ts';
import { KIND, type Tool } from '../../clusters/images/tools.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { scratchFolder } from '../engine/scratch.ts';
import type { Publishers } from './publishers.ts';

/**
 * Publishes what is built here under published names. The node is of another Kubernetes version, and the proxy is a plain Envoy: the test
 * is about how they are obtained, not what they are.
 */
export async function publishImages(publishers: Publishers, task: TaskContext): Promise<void> {
  const ofKubernetes: string[] = [];
  for (const { recipe, ...image } of await imageTable(ISTIO.images())) {
    if (recipe === undefined) continue;
    const archive = join(await artifact(await imageArtifact({ ...image, recipe }), task), 'image.tar');
    if (image.part === 'kubernetes') ofKubernetes.push(archive);
    else if (image.upstream !== undefined) await publish(archive, image.upstream, publishers, task);
  }
  const { room } = publishers;
  const engine: Docker = { docker: (args, options = {}) => room.exec(['docker', ...args], options) };
  await bake(engine, await loadNodeBase(engine, task), ofKubernetes, PUBLISHED_NODE, task);
  await using folder = await scratchFolder();
  const archive = join(folder.path, 'node.tar');
  await engine.docker(['save', '-o', archive, PUBLISHED_NODE], task);
  await publish(archive, PUBLISHED_NODE, publishers, task);
  const ids = await engine.docker(['image', 'ls', '--all', '--quiet'], task);
  await engine.docker(['image', 'rm', '--force', ...new Set(ids.split('\n').filter(Boolean))], task);
}

async function publish(archive: string, upstream: string, { room, registry, authority }: Publishers, task: TaskContext): Promise<void> {
  const published = mirrored(upstream, registry);
  task.progress?.(`publishing ${published}`);
  await using folder = await scratchFolder();
  await exec('tar', ['--force-local', '-xf', archive, '-C', folder.path], task);
  const push = [process.execPath, join(import.meta.dirname, 'push.ts'), folder.path, published];
  await room.exec(push, { ...task, env: { NODE_EXTRA_CA_CERTS: authority } });
}

/** Publishes the programs for this machine's platform, each with its checksum. */
export async function publishPrograms({ releaseFiles }: Publishers, task: TaskContext): Promise<void> {
  for (const tool of [KIND, ISTIO.tool()]) await publishProgram(tool, releaseFiles, task);
}

async function publishProgram({ name, release, module }: Tool, into: string, task: TaskContext): Promise<void> {
  if (release === undefined || module === undefined) throw new RangeError(`${name} is not published, or not built`);
  const { url, checksums } = release({ os: 'linux', arch: process.arch as Platform['arch'] });
  const at = (address: string): string => join(into, new URL(address).host, new URL(address).pathname);
  const folder = await artifact(await module(), task);
  const file = at(url);
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await (url.endsWith('.tar.gz') ? exec('tar', ['-czf', file, '-C', folder, name], task) : exec('cp', [join(folder, name), file], task));
  await writeFile(at(checksums), `${await digestOf(file)}  ${basename(file)}\n`);
}
