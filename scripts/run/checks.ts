import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { didYouMean } from '../../clusters/kubernetes/closest.ts';

/** One spec file of the suites folder. */
export interface CheckFile {
  /** suite/stem, e.g. routing/canary-header. */
  id: string;
  suite: string;
  /** The spec's absolute path. Its manifests stand beside it under the same stem. */
  file: string;
}

const PROJECT = resolve(import.meta.dirname, '../..');

/** The folder of all suites. MESHPROOF_SUITES names another one. */
function suitesFolder(): string {
  return resolve(PROJECT, variable('MESHPROOF_SUITES') ?? 'suites');
}

/** Every check of the suites folder, by id. */
export async function listChecks(): Promise<CheckFile[]> {
  const root = suitesFolder();
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw new MeshproofError('NO_SUITES', `the suites folder ${root} cannot be read`, {
      hint: 'MESHPROOF_SUITES names it',
      cause,
      exitCode: EXIT.usage,
    });
  });
  const suites = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const checks = await Promise.all(
    suites.map(async (suite) => {
      const files = await readdir(join(root, suite));
      const stems = files.filter((file) => file.endsWith('.spec.ts')).map((file) => file.slice(0, -'.spec.ts'.length));
      return stems.map((stem) => ({ id: `${suite}/${stem}`, suite, file: join(root, suite, `${stem}.spec.ts`) }));
    }),
  );
  return checks.flat().toSorted((one, other) => (one.id < other.id ? -1 : 1));
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
export function chooseChecks(all: readonly CheckFile[], { suites, ids, filters, failed }: Choice): CheckFile[] {
  const existing = [...new Set(all.map(({ suite }) => suite))];
  refuseUnknown('suite', suites, existing);
  refuseUnknown(
    'check',
    ids,
    all.map(({ id }) => id),
  );
  const patterns = filters.map((filter) => pathPattern(filter));
  const chosen = all.filter(
    ({ id, suite, file }) =>
      (suites.length === 0 || suites.includes(suite)) &&
      (ids.length === 0 || ids.includes(id)) &&
      (failed === undefined || failed.includes(id)) &&
      (patterns.length === 0 || patterns.some((pattern) => pattern.test(file))),
  );
  if (chosen.length > 0) return chosen;
  throw new MeshproofError('NO_CHECKS', 'no check is in every part of that choice', {
    hint: `suites: ${existing.join(', ')}; files are chosen by a part of their path, e.g. npm test -- canary`,
    exitCode: EXIT.usage,
  });
}

/** What to hand to Playwright so that it runs these files and no others. It stands before any option, which could take it for its value. */
export function runnerFilters(chosen: readonly CheckFile[], { suites, ids, filters, failed }: Choice): string[] {
  if (suites.length === 0 && ids.length === 0 && failed === undefined) return [...filters];
  return chosen.map(({ file }) => `^${RegExp.escape(file)}$`);
}

function refuseUnknown(what: string, given: readonly string[], existing: readonly string[]): void {
  const unknown = given.filter((name) => !existing.includes(name));
  if (unknown.length === 0) return;
  throw new MeshproofError(
    `UNKNOWN_${what.toUpperCase()}`,
    `there is no ${what} ${unknown.join(', ')}${didYouMean(unknown[0] ?? '', existing)}`,
    {
      hint: `${what}s: ${existing.join(', ') || 'none yet'}`,
      exitCode: EXIT.usage,
    },
  );
}

function pathPattern(filter: string): RegExp {
  try {
    if (filter.startsWith('-')) throw new SyntaxError('the runner would take it for an option');
    return new RegExp(filter.replace(/(:\d+){1,2}$/, ''), 'i');
  } catch (cause) {
    throw new MeshproofError('BAD_PATTERN', `${filter} is not a regular expression for a path`, {
      hint: 'files are chosen by a part of their path, e.g. npm test -- canary',
      cause,
      exitCode: EXIT.usage,
    });
  }
}
