/** Passed to every long operation: how to cancel it, and where to report progress. */
export interface TaskContext {
  signal?: AbortSignal;
  /** Called with a short description of the current step. */
  progress?: (description: string) => void;
}
