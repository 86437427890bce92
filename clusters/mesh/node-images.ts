/** The images that the nodes of a cluster hold, before anything runs from them. */
export interface NodeImages {
  /** Their names. */
  names(): Promise<string[]>;
  /** Runs a program of an image to its end, without a network of its own, and returns all that it printed, however it ended. */
  run(image: string, command: readonly string[]): Promise<string>;
}

/** Which images of the mesh nodes hold, as their tags and their programs say. */
export interface MeshBuild {
  /** The tag that they have in common. */
  tag: string;
  /** Whether the proxy has the mesh's own extensions; a plain one must not be told of them. */
  extended: boolean;
}
