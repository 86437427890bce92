/**
 * Calls the function once and caches its result; concurrent calls wait for the same result. A failure is returned to all who wait but not
 * cached, so the next call tries again.
 */
export function once<Args extends readonly unknown[], T>(ask: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  let answer: Promise<T> | undefined;
  return (...args) =>
    (answer ??= ask(...args).catch((error: unknown) => {
      answer = undefined;
      throw error;
    }));
}
