import { join } from 'node:path';

import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { artifact, type Artifact } from './cache.ts';
import { goArtifact, goModule } from './go.ts';
import { onPath } from './packages.ts';

/** A program that runs on this machine. */
export interface Tool {
  name: string;
  /** Print a version without a cluster and without asking the network. */
  versionArgs: readonly string[];
  /** Versions on PATH that are as good as the pinned one. */
  fits: RegExp;
  /** What holds the program under its name. */
  made: () => Promise<Artifact>;
}

export const KIND: Tool = {
  name: 'kind',
  versionArgs: ['version'],
  fits: /v0\.33\./,
  made: () => goArtifact({ module: goModule('kind'), binaries: { kind: 'sigs.k8s.io/kind' } }),
};

/** The path of a tool: from PATH when its version fits, else built from its pinned module. */
export async function pathOf({ name, versionArgs, fits, made }: Tool, task: TaskContext): Promise<string> {
  const found = await onPath(name);
  if (found !== undefined && fits.test(await exec(found, versionArgs, task).catch(() => ''))) return found;
  return join(await artifact(await made(), task), name);
}
