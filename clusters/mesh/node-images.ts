/** The images on the nodes of a cluster, before anything runs from them. */
export interface NodeImages {
  /** Their names. */
  names(): Promise<string[]>;
  /** Runs a program of an image to its end, without a network of its own, and returns its output whatever its exit code. */
  run(image: string, command: readonly string[]): Promise<string>;
}

/** Which images of the mesh the nodes hold, according to their tags and programs. */
export interface MeshBuild {
  /** Their common tag. */
  tag: string;
  /** Whether the proxy has the mesh's own extensions; configuration for a plain one must not name them. */
  extended: boolean;
}
