/** Something that a run which ended too early left behind: it carries our record of a process that is known to be dead. */
export interface Leftover {
  /** What it is, for a person: `container meshproof-bake-3f9a`. */
  what: string;
  /** Removes it. Removing what has gone meanwhile is no error. */
  remove(): Promise<void>;
}

export interface LeftoversOptions {
  /** Told of what looks like ours and stays, because it is not, or because this machine cannot tell whether anybody needs it, and why. */
  spare?: (what: string, why: string) => void;
}
