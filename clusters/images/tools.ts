import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { printable } from '../printable.ts';
import { artifact, hashOf, isCached, type Artifact } from './cache.ts';
import { goArtifact, goModule } from './go.ts';
import { isFolder } from './folder.ts';
import { onPath } from './packages.ts';
import { GO_ARCH, releaseArtifact, type Release } from './releases.ts';

/** A program that runs on this machine. */
export interface Tool {
  name: string;
  /** Arguments that print its version without a cluster or network access. */
  versionArgs: readonly string[];
  /** Versions on PATH that are as good as the pinned one. */
  fits: RegExp;
  /** Where its release is published, with checksums. */
  release?: Release;
  /** The artifact that contains the program, built from its pinned module. */
  module?: () => Promise<Artifact>;
  /** For a program that is neither downloaded nor built: its required version, and where its project explains how to get it. */
  published?: { version: string; instructions: string };
}

/** Whether the release or the module is tried first if neither is cached. */
export type ToolSource = 'release' | 'module';

const KIND_RELEASE = 'https://github.com/kubernetes-sigs/kind/releases/download/v0.33.0';

export const KIND: Tool = {
  name: 'kind',
  versionArgs: ['version'],
  fits: /v0\.33\./,
  release: ({ os, arch }) => {
    const url = `${KIND_RELEASE}/kind-${os}-${GO_ARCH[arch]}`;
    return { url, checksums: `${url}.sha256sum` };
  },
  module: () => goArtifact({ module: goModule('kind'), binaries: { kind: 'sigs.k8s.io/kind' } }),
};

/**
 * The path of a tool: from PATH if its version matches, else from the cache, else downloaded from its release page or built from its pinned
 * module.
 * @throws MeshproofError `TOOL_UNAVAILABLE`, `PLATFORM_UNSUPPORTED`, or `CHECKSUM_MISMATCH` if a download does not match its published
 * checksum
 */
export async function pathOf(tool: Tool, task: TaskContext, first: ToolSource = 'release'): Promise<string> {
  const { name, versionArgs } = tool;
  const found = await onPath(name);
  if (found !== undefined && (await doesFit(tool, found, task))) return found;
  const ways = await waysTo(tool, first);
  for (const way of ways) if (await isCached(way)) return join(await artifact(way, task), name);
  if (ways.length > 0) return join(await firstOf(tool, ways, task), name);
  if (tool.published === undefined) {
    throw new MeshproofError('PLATFORM_UNSUPPORTED', `the command ${name} is not published for ${process.platform} on ${process.arch}`, {
      hint: 'put it on PATH, or use Linux or macOS, on x64 or arm64',
    });
  }
  const kept = keptTool(tool);
  if (await isCached(kept)) return join(await artifact({ ...kept, make: async () => await Promise.reject(missing(tool)) }, task), name);
  throw missing(tool, found === undefined ? undefined : await exec(found, versionArgs, task).catch(() => undefined));
}

/**
 * The release that would be downloaded for a tool, and whether the lock has its checksum. Downloads nothing.
 * @returns undefined if it is on PATH in a matching version, in the cache, or not published
 */
export async function downloadOf(tool: Tool, task: TaskContext): Promise<{ pinned: boolean } | undefined> {
  const found = await onPath(tool.name);
  if (found !== undefined && (await doesFit(tool, found, task))) return undefined;
  for (const way of await waysTo(tool, 'release')) if (await isCached(way)) return undefined;
  return tool.release && (await releaseArtifact(tool.name, tool.release));
}

async function waysTo({ name, release, module }: Tool, first: ToolSource): Promise<Artifact[]> {
  const ways = [release && (await releaseArtifact(name, release)), await module?.()];
  return (first === 'release' ? ways : ways.toReversed()).filter((way) => way !== undefined);
}

/** After these errors the other source may succeed. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['DOWNLOAD_FAILED', 'DOWNLOAD_UNFIT', 'BUILD_TOOLS_MISSING']);

/** The folder of the first available artifact. */
async function firstOf({ name }: Tool, ways: readonly Artifact[], task: TaskContext): Promise<string> {
  const failures: MeshproofError[] = [];
  for (const way of ways) {
    try {
      return await artifact(way, task);
    } catch (error) {
      if (!(error instanceof MeshproofError) || !UNAVAILABLE.has(error.code)) throw error;
      failures.push(error);
    }
  }
  const why = failures.map((error) => causeOf(error)).join('; ');
  throw new MeshproofError('TOOL_UNAVAILABLE', `the command ${name} could be neither downloaded nor built: ${why}`, {
    hint: `put it on PATH, or ${failures.map(({ hint }) => hint).find(Boolean) ?? 'check the network'}`,
    cause: failures[0],
  });
}

/**
 * Ensures that a tool that cannot be built is available.
 * @param source source of images: auto, pull, build, or a folder, which may contain the tool next to archives
 * @throws MeshproofError `TOOL_UNAVAILABLE` with exit code 2
 */
export async function requirePublished(tool: Tool, source: string, task: TaskContext): Promise<void> {
  if (tool.published === undefined) return;
  if (isFolder(source)) await keepTool(tool, source, task);
  await pathOf(tool, task);
}

/**
 * Caches a program from a folder of image archives, so that later commands have it too. Does nothing if it is missing or does not match.
 */
async function keepTool(tool: Tool, folder: string, task: TaskContext): Promise<void> {
  const file = join(folder, tool.name);
  if (!(await doesFit(tool, file, task))) return;
  const make = async (into: string): Promise<void> => await copyFile(file, join(into, tool.name));
  await artifact({ ...keptTool(tool), make }, task);
}

const keptTool = ({ name, published }: Tool) => ({ name: `tool-${name}`, hash: hashOf(published) });

async function doesFit({ versionArgs, fits }: Tool, file: string, task: TaskContext): Promise<boolean> {
  return fits.test(await exec(file, versionArgs, task).catch(() => ''));
}

function missing({ name, published }: Tool, found?: string): MeshproofError {
  const { version = '', instructions = '' } = published ?? {};
  const instead = found === undefined ? '' : `; the one on PATH is ${printable(found)}`;
  return new MeshproofError(
    'TOOL_UNAVAILABLE',
    `version ${version} of the command ${name} is needed, and no package registry provides it${instead}`,
    {
      hint: `put it on PATH, or into the folder of --images=FOLDER: ${instructions}`,
      exitCode: EXIT.usage,
    },
  );
}
