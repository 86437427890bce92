import type { TaskContext } from '../task-context.ts';
import type { SmallRoot } from './debian.ts';
import type { ImageConfig } from './archive.ts';

/** The content of an image, once its inputs exist. */
interface Contents extends SmallRoot {
  config: ImageConfig;
}

/** How to build an image from package registries. */
export interface Recipe {
  /** Everything that determines the result, for the cache; fast to compute. */
  inputs: () => Promise<readonly unknown[]>;
  /** Builds or fetches the inputs (binaries, wheels), and returns their paths. */
  contents: (task: TaskContext) => Promise<Contents>;
}

/** An image that the harness uses. */
export interface Image {
  /** The name that pods and kubeadm use. */
  name: string;
  /** Where the same image is published; undefined for meshproof's own. */
  upstream?: string;
  recipe?: Recipe;
  /** The part of a cluster that uses it; `external` images run outside the cluster, on the engine. */
  part: 'kubernetes' | 'mesh' | 'sample' | 'external';
}
