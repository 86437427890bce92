/** What every long operation takes: how to cancel it, and where to report what it is doing. */
export interface TaskContext {
  signal?: AbortSignal;
  /** Called with a few words on what is being done or waited for now. */
  progress?: (description: string) => void;
}
