import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { printable } from '../printable.ts';
import { artifact, hashOf, isCached, type Artifact } from './cache.ts';
import { goArtifact, goModule } from './go.ts';
import { onPath } from './packages.ts';

/** A program that runs on this machine. */
export interface Tool {
  name: string;
  /** Print a version without a cluster and without asking the network. */
  versionArgs: readonly string[];
  /** Versions on PATH that are as good as the pinned one. */
  fits: RegExp;
  /** What holds the program under its name; undefined for a program that no package registry has. */
  made?: () => Promise<Artifact>;
  /** For a program that is not built: of which version it must be, and where its project says how to get it. */
  published?: { version: string; instructions: string };
}

export const KIND: Tool = {
  name: 'kind',
  versionArgs: ['version'],
  fits: /v0\.33\./,
  made: () => goArtifact({ module: goModule('kind'), binaries: { kind: 'sigs.k8s.io/kind' } }),
};

/**
 * The path of a tool: from PATH when its version fits, else built from its pinned module, or kept from a folder of images.
 * @throws MeshproofError `TOOL_UNAVAILABLE` with exit code 2
 */
export async function pathOf(tool: Tool, task: TaskContext): Promise<string> {
  const { name, versionArgs, made } = tool;
  const found = await onPath(name);
  if (found !== undefined && (await doesFit(tool, found, task))) return found;
  if (made !== undefined) return join(await artifact(await made(), task), name);
  const kept = keptTool(tool);
  if (await isCached(kept)) return join(await artifact({ ...kept, make: async () => await Promise.reject(missing(tool)) }, task), name);
  throw missing(tool, found === undefined ? undefined : await exec(found, versionArgs, task).catch(() => undefined));
}

/**
 * Sees to it that a tool which is not built is there.
 * @param source of images: auto, pull, build, or a folder, which may hold the tool beside archives
 * @throws MeshproofError `TOOL_UNAVAILABLE` with exit code 2
 */
export async function requirePublished(tool: Tool, source: string, task: TaskContext): Promise<void> {
  if (tool.published === undefined) return;
  if (!['auto', 'pull', 'build'].includes(source)) await keepTool(tool, source, task);
  await pathOf(tool, task);
}

/** Keeps a program that lies in a folder beside image archives, so that later commands have it too. Does nothing where it is not there or does not fit. */
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
