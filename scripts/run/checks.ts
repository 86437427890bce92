import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { didYouMean } from '../../clusters/kubernetes/closest.ts';
import { specsIn, suitesFolder, type CheckSpec } from '../../fixtures/contract/catalogue.ts';

/**
 * Every check of the suites folder, by id.
 * @throws MeshproofError `NO_SUITES` with exit code 2
 */
export function listChecks(): CheckSpec[] {
  const folder = suitesFolder();
  try {
    return specsIn(folder);
  } catch (cause) {
    throw new MeshproofError('NO_SUITES', `the suites folder ${folder} cannot be read`, {
      hint: 'check the variable MESHPROOF_SUITES',
      cause,
      exitCode: EXIT.usage,
    });
  }
}

export interface Choice {
  suites: readonly string[];
  ids: readonly string[];
  /** Regular expressions on the file's path, as Playwright takes them; a `:line` at the end is left to it. */
  filters: readonly string[];
  /** Ids of what did not pass in the last run, where only that is wanted. */
  failed?: readonly string[] | undefined;
}

/**
 * The checks that satisfy every kind of choice given.
 * @throws MeshproofError with exit code 2 and the names that exist, for a name that does not, or when nothing is left.
 */
export function chooseChecks(all: readonly CheckSpec[], { suites, ids, filters, failed }: Choice): CheckSpec[] {
  const existing = [...new Set(all.map(({ suite }) => suite))];
  refuseUnknown('suite', suites, existing);
  refuseUnknown(
    'check',
    ids,
    all.map(({ id }) => id),
  );
  const patterns = filters.map((filter) => pathPattern(filter));
  const chosen = all.filter(
    ({ id, suite, spec }) =>
      (suites.length === 0 || suites.includes(suite)) &&
      (ids.length === 0 || ids.includes(id)) &&
      (failed === undefined || failed.includes(id)) &&
      (patterns.length === 0 || patterns.some((pattern) => pattern.test(spec))),
  );
  if (chosen.length > 0) return chosen;
  throw new MeshproofError('NO_CHECKS', 'no check matches all of --suite, --check and the file filters', {
    hint: `suites: ${existing.join(', ')}; a filter is part of a path, e.g. npm test -- canary`,
    exitCode: EXIT.usage,
  });
}

/** What to hand to Playwright so that it runs these files and no others. It stands before any option, which could take it for its value. */
export function runnerFilters(chosen: readonly CheckSpec[], { suites, ids, filters, failed }: Choice): string[] {
  if (suites.length === 0 && ids.length === 0 && failed === undefined) return [...filters];
  return chosen.map(({ spec }) => `^${RegExp.escape(spec)}$`);
}

function refuseUnknown(what: string, given: readonly string[], existing: readonly string[]): void {
  const unknown = given.filter((name) => !existing.includes(name));
  if (unknown.length === 0) return;
  throw new MeshproofError(
    `UNKNOWN_${what.toUpperCase()}`,
    `unknown ${what}: ${unknown.join(', ')}${didYouMean(unknown[0] ?? '', existing)}`,
    {
      hint: `${what}s: ${existing.join(', ') || 'none yet'}`,
      exitCode: EXIT.usage,
    },
  );
}

function pathPattern(filter: string): RegExp {
  try {
    if (filter.startsWith('-')) throw new SyntaxError('it would be read as an option');
    return new RegExp(filter.replace(/(:\d+){1,2}$/, ''), 'i');
  } catch (cause) {
    throw new MeshproofError('BAD_PATTERN', `${filter} is not a valid regular expression for paths`, {
      hint: 'a filter is part of a path, e.g. npm test -- canary',
      cause,
      exitCode: EXIT.usage,
    });
  }
}
