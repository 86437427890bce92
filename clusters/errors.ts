import { printableLines } from './printable.ts';

/** What meshproof exits with; printed by `meshproof --help` and promised to scripts. */
export const EXIT = { ok: 0, fail: 1, usage: 2, unproven: 3, interrupted: 130 } as const;

/** The code of an error after which something stands that could not be taken back: the record of it stays, so that `sweep` can remove it later. */
export const LEFT_BEHIND = 'LEFT_BEHIND';

export interface ErrorFacts {
  /** What to do next, in one sentence. */
  hint?: string;
  cause?: unknown;
  exitCode?: (typeof EXIT)[keyof typeof EXIT];
}

/**
 * A condition that a user can meet, said in words: what was attempted and what came back in the message,
 * what to do next in `hint`, the original error in `cause`. `code` is stable, for scripts and tests.
 * Message and hint may quote servers and files of others: they are made printable here.
 */
export class MeshproofError extends Error {
  override readonly name: string = 'MeshproofError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(printableLines(message), facts.cause === undefined ? {} : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint === undefined ? undefined : printableLines(facts.hint);
    this.exitCode = facts.exitCode ?? EXIT.unproven;
  }
}

/** The part of any thrown value that is worth a person's line, made printable. */
export function causeOf(error: unknown): string {
  return printableLines(error instanceof Error ? error.message : String(error));
}

/** That something of a cluster stands which could not be taken back. @param because what went wrong first @param cause why it could not */
export function leftBehind(cluster: string, because: unknown, cause: unknown): MeshproofError {
  return new MeshproofError(LEFT_BEHIND, `${causeOf(because)}; ${cluster} was partly created and could not be removed: ${causeOf(cause)}`, {
    cause: because,
    hint: 'run npx meshproof sweep once Docker, or the cluster, can be reached',
    ...(because instanceof MeshproofError && because.exitCode === EXIT.interrupted ? { exitCode: EXIT.interrupted } : {}),
  });
}
