/** What every long operation takes: how to be stopped, and where to say what it is doing. */
export interface Work {
  signal?: AbortSignal;
  /** Called with what is being done or waited for now, in a few words. */
  progress?: (doing: string) => void;
}
