import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { didYouMean } from '../../clusters/kubernetes/closest.ts';
import { specsIn, suitesFolder, type CheckSpec } from '../../fixtures/contract/catalogue.ts';

/**
 * Every check in the suites folder, by ID.
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

/** Suites that run only on request, because they break what a mesh depends on, and take as long as several others. */
const ON_REQUEST: readonly string[] = ['chaos'];
/** The name for all suites. */
const EVERY = 'all';

/** The default of the options that choose suites, as text. */
export const DEFAULT_SUITES = `all but ${ON_REQUEST.join(', ')}`;

export interface Choice {
  suites: readonly string[];
  ids: readonly string[];
  /** Regular expressions for the file's path, as in Playwright; a `:line` suffix is left to Playwright. */
  filters: readonly string[];
  /** IDs of the checks that did not pass in the last run, if only those are wanted. */
  failed?: readonly string[] | undefined;
  /** Whether the runner narrows the choice further, by title or by changed files. */
  narrowed?: boolean;
}

/**
 * The checks that match every given kind of choice; by default, those of all suites but `ON_REQUEST`.
 * @throws MeshproofError with exit code 2 and the existing names, if a name is unknown or no check is left
 */
export function chooseChecks(all: readonly CheckSpec[], choice: Choice): CheckSpec[] {
  const { suites, ids, filters, failed } = choice;
  const existing = [...new Set(all.map(({ suite }) => suite))];
  refuseUnknown('suite', suites, [...existing, EVERY]);
  refuseUnknown(
    'check',
    ids,
    all.map(({ id }) => id),
  );
  const patterns = filters.map((filter) => pathPattern(filter));
  const wanted = suitesOf(choice, existing);
  const chosen = all.filter(
    ({ id, suite, spec }) =>
      wanted.includes(suite) &&
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

/** The arguments that make Playwright run exactly these files. They precede any option, which could mistake them for its value. */
export function runnerFilters(chosen: readonly CheckSpec[], choice: Choice): string[] {
  const { suites, ids, filters, failed } = choice;
  if (suites.length === 0 && ids.length === 0 && failed === undefined && !isDefault(choice)) return [...filters];
  return chosen.map(({ spec }) => `^${RegExp.escape(spec)}$`);
}

function suitesOf(choice: Choice, existing: readonly string[]): readonly string[] {
  if (isDefault(choice)) return existing.filter((suite) => !ON_REQUEST.includes(suite));
  return choice.suites.length === 0 || choice.suites.includes(EVERY) ? existing : choice.suites;
}

const isDefault = ({ suites, ids, filters, failed, narrowed = false }: Choice): boolean =>
  suites.length + ids.length + filters.length === 0 && failed === undefined && !narrowed;

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
