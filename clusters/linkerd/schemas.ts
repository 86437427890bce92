import { join } from 'node:path';

import { exec } from '../exec.ts';
import { pathOf } from '../images/tools.ts';
import type { Definitions } from '../kubernetes/definitions.ts';
import { KindSchemas } from '../kubernetes/kind-schemas.ts';
import type { TaskContext } from '../task-context.ts';
import { linkerdTool } from './images.ts';
import { linkerdVersion } from './versions.ts';

const read = new Map<string, KindSchemas>();

/** The schemas of a version's kinds. */
export function schemas(version?: string): KindSchemas {
  const { name, folder } = linkerdVersion(version);
  const known = read.get(name) ?? new KindSchemas(join(folder, 'schemas.json'), []);
  read.set(name, known);
  return known;
}

/**
 * The definitions that the command of a version installs.
 * @throws MeshproofError `TOOL_UNAVAILABLE`
 */
export async function definitions(version: string, task: TaskContext): Promise<Definitions> {
  const linkerd = await pathOf(linkerdTool(version), task);
  const text = await exec(linkerd, ['install', '--crds', '--ignore-cluster'], task);
  return { from: `linkerd ${version}, install --crds; Apache-2.0`, text };
}
