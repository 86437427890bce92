/**
 * Asks when it is first called, and answers every later call with the same; those who ask meanwhile wait for it too. A failure is told to all
 * who wait, and is not kept: whoever asks next asks anew.
 */
export function once<Args extends readonly unknown[], T>(ask: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  let answer: Promise<T> | undefined;
  return (...args) =>
    (answer ??= ask(...args).catch((error: unknown) => {
      answer = undefined;
      throw error;
    }));
}
