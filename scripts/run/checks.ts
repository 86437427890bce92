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

/** Suites that run only when they are named: they break what a mesh stands on, and take as long as several others. */
const ON_REQUEST: readonly string[] = ['chaos'];
/** The name that stands for every suite. */
const EVERY = 'all';

/** Default of the options that choose suites, in words. */
export const DEFAULT_SUITES = `all but ${ON_REQUEST.join(', ')}`;

export interface Choice {
  suites: readonly string[];
  ids: readonly string[];
  /** Regular expressions on the file's path, as Playwright takes them; a `:line` at the end is left to it. */
  filters: readonly string[];
  /** Ids of what did not pass in the last run, where only that is wanted. */
  failed?: readonly string[] | undefined;
  /** Whether the runner itself chooses among these, by title or by what changed. */
  narrowed?: boolean;
}

/**
 * The checks that satisfy every kind of choice given; without any, those of all suites but `ON_REQUEST`.
 * @throws MeshproofError with exit code 2 and the names that exist, for a name that does not, or when nothing is left.
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

/** What to hand to Playwright so that it runs these files and no others. It stands before any option, which could take it for its value. */
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
