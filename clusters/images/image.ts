import type { TaskContext } from '../task-context.ts';
import type { SmallRoot } from './debian.ts';
import type { ImageConfig } from './archive.ts';

/** What an image is made of, once its inputs are there. */
interface Contents extends SmallRoot {
  config: ImageConfig;
}

/** How to build an image from package registries. */
export interface Recipe {
  /** Everything that decides the result, for the cache; cheap to compute. */
  inputs: () => Promise<readonly unknown[]>;
  /** Makes or fetches what goes into it (binaries, wheels), then says where it is. */
  contents: (task: TaskContext) => Promise<Contents>;
}

/** One image that the harness uses. */
export interface Image {
  /** The name under which pods and kubeadm ask for it. */
  name: string;
  /** Where the same image is published; undefined for our own. */
  upstream?: string;
  recipe?: Recipe;
  /** For which part of a cluster it is there; `external` runs outside of it, on the engine. */
  part: 'kubernetes' | 'mesh' | 'sample' | 'external';
}
