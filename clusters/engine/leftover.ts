/** Something that an interrupted run left behind: its owner record names a process that is known to be dead. */
export interface Leftover {
  /** A description for humans: `container meshproof-bake-3f9a`. */
  what: string;
  /** Removes it. Does nothing if it is already gone. */
  remove(): Promise<void>;
}

export interface LeftoversOptions {
  /**
   * Called with the name of what resembles a leftover but is kept, and why: it is not meshproof's, or this machine cannot tell whether it
   * is in use.
   */
  spare?: (what: string, why: string) => void;
}
