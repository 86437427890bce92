import { printableLines, withoutCredentials } from './printable.ts';

/** meshproof's exit codes; printed by `meshproof --help` and guaranteed to scripts. */
export const EXIT = { ok: 0, fail: 1, usage: 2, unproven: 3, interrupted: 130 } as const;

/** The code of an error after which something could not be reverted or removed. Its record is kept, so that `sweep` can remove it later. */
export const LEFT_BEHIND = 'LEFT_BEHIND';

export interface ErrorFacts {
  /** What to do next, in one sentence. */
  hint?: string;
  cause?: unknown;
  exitCode?: (typeof EXIT)[keyof typeof EXIT];
}

/**
 * An expected error: the message says what was attempted and what went wrong, `hint` what to do next, and `cause` is the original error.
 * `code` is stable, for scripts and tests. Message and hint may quote servers, files of others and options with a password, so they are
 * made printable here, without the credentials of URLs.
 */
export class MeshproofError extends Error {
  override readonly name: string = 'MeshproofError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(quotable(message), facts.cause === undefined ? {} : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint === undefined ? undefined : quotable(facts.hint);
    this.exitCode = facts.exitCode ?? EXIT.unproven;
  }
}

const quotable = (text: string): string => withoutCredentials(printableLines(text));

/** The relevant part of any thrown value as printable text, without the credentials of URLs. */
export function causeOf(error: unknown): string {
  return quotable(error instanceof Error ? error.message : String(error));
}

/** Reports that a part of a cluster could not be removed. @param because the original error @param cause why the removal failed */
export function leftBehind(cluster: string, because: unknown, cause: unknown): MeshproofError {
  return new MeshproofError(LEFT_BEHIND, `${causeOf(because)}; ${cluster} was partly created and could not be removed: ${causeOf(cause)}`, {
    cause: because,
    hint: 'run npx meshproof sweep once Docker, or the cluster, can be reached',
    ...(because instanceof MeshproofError && because.exitCode === EXIT.interrupted ? { exitCode: EXIT.interrupted } : {}),
  });
}
