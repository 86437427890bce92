import { randomBytes } from 'node:crypto';

import type { Engine } from '../engine/engine.ts';
import type { NodeImages } from '../mesh/node-images.ts';
import type { TaskContext } from '../task-context.ts';

const RUN_MS = 120_000;

/** Reads the images of a cluster's first node; the other nodes hold the same. */
export function nodeImages(cluster: string, engine: Engine, task: TaskContext): NodeImages {
  const inNode = (script: string, ...args: string[]) =>
    engine.docker(['exec', `${cluster}-control-plane`, 'sh', '-c', script, 'ask', ...args], { ...task, timeoutMs: RUN_MS });
  return {
    names: async () => (await inNode('ctr -n k8s.io images ls -q')).split('\n').filter((name) => name.includes('/')),
    run: (image, command) => {
      const id = `meshproof-ask-${randomBytes(3).toString('hex')}`;
      return inNode('image=$1 id=$2; shift 2; ctr -n k8s.io run --rm "$image" "$id" "$@" 2>&1; true', image, id, ...command);
    },
  };
}
