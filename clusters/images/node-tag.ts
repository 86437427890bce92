import { onceInCache } from './cache.ts';
import { bake, type Docker } from './node-image.ts';
import type { TaskContext } from '../task-context.ts';

/** A node image that holds everything a cluster needs is named so, whatever it was made from. */
export const NODE = 'docker.io/meshproof/node';

/** Whether the engine has an image under this name. */
export async function hasImage(engine: Docker, tag: string): Promise<boolean> {
  return engine.docker(['image', 'inspect', '--format', '{{.Id}}', tag]).then(
    () => true,
    () => false,
  );
}

/** Bakes archives over a base unless the engine has the result. Of several at once that want the same image one makes it. */
export function bakeOnce(
  engine: Docker,
  base: () => Promise<string>,
  archives: readonly string[],
  tag: string,
  task: TaskContext,
): Promise<string> {
  const bakeUnlessThere = async (): Promise<string> => {
    if (!(await hasImage(engine, tag))) await bake(engine, await base(), archives, tag, task);
    return tag;
  };
  return onceInCache(`node image ${tag}`, bakeUnlessThere, task);
}
