import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { aptGet } from '../engine/packages.ts';
import { causeOf, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';

/** The path of a program on PATH; undefined if it is missing. */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/**
 * Ensures that the programs for building exist, with the distribution's packages (program → package).
 * @throws MeshproofError `BUILD_TOOLS_MISSING` if they are missing and cannot be installed
 */
export async function needPrograms(programs: Record<string, string>, task: TaskContext): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(programs)) if ((await onPath(program)) === undefined) missing.push(name);
  if (missing.length === 0) return;
  const hint = `install ${missing.join(' ')}, or use --images=pull or --images=FOLDER`;
  if (process.getuid?.() !== 0 || (await onPath('apt-get')) === undefined) {
    throw new MeshproofError('BUILD_TOOLS_MISSING', `building images needs ${missing.join(', ')}`, { hint });
  }
  task.progress?.(`installing ${missing.join(' ')} from the distribution`);
  try {
    await aptGet(['update'], task);
    await aptGet(['install', '-y', '--no-install-recommends', ...missing], task);
  } catch (cause) {
    task.signal?.throwIfAborted();
    throw new MeshproofError('BUILD_TOOLS_MISSING', `${missing.join(', ')} could not be installed: ${causeOf(cause)}`, { cause, hint });
  }
}
