import type { Enforcement } from './adapter.ts';

/** Serializes waits for enforcement in a namespace, because concurrent ones would overwrite each other's sentinels. */
export class ConvergenceTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `converge` after the earlier calls in that namespace, whatever their outcome. Its times count from this call. */
  async take(namespace: string, converge: () => Promise<Enforcement>): Promise<Enforcement> {
    const called = performance.now();
    const before = this.#last.get(namespace) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(async () => {
        const waitedMs = performance.now() - called;
        const { enforcedMs, stages } = await converge();
        const fromCall = Object.entries(stages).map(([stage, ms]): [string, number] => [stage, ms + waitedMs]);
        return { enforcedMs: enforcedMs + waitedMs, stages: Object.fromEntries(fromCall) };
      });
    this.#last.set(namespace, turn);
    return await turn;
  }
}
