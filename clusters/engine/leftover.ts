/** Something that a run which ended too early left behind. */
export interface Leftover {
  /** What it is, for a person: `container meshproof-bake-3f9a`. */
  what: string;
  /** Removes it. Removing what has gone meanwhile is no error. */
  remove(): Promise<void>;
}

export interface LeftoversOptions {
  /** Also what belongs to running processes or was made to stay. */
  all?: boolean;
}
