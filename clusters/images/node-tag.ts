import { onceInCache } from './cache.ts';
import { bake, type Docker } from './node-image.ts';
import type { TaskContext } from '../task-context.ts';

/** The name of a node image that contains everything a cluster needs, whatever its source. */
export const NODE = 'docker.io/meshproof/node';

/** Whether the engine has an image with this name. */
export async function hasImage(engine: Docker, tag: string): Promise<boolean> {
  return engine.docker(['image', 'inspect', '--format', '{{.Id}}', tag]).then(
    () => true,
    () => false,
  );
}

/**
 * Bakes archives into a base unless the engine has the result. If several processes want the same image at once, only one of them bakes it.
 * @param renamed see `bake`
 */
export function bakeOnce(
  engine: Docker,
  base: () => Promise<string>,
  archives: readonly string[],
  tag: string,
  task: TaskContext,
  renamed?: ReadonlyMap<string, string>,
): Promise<string> {
  const bakeUnlessThere = async (): Promise<string> => {
    if (!(await hasImage(engine, tag))) await bake(engine, await base(), archives, tag, task, renamed);
    return tag;
  };
  return onceInCache(`node image ${tag}`, bakeUnlessThere, task);
}
