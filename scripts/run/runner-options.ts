import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

import { InvalidArgumentError, Option } from 'commander';

interface RunnerOption {
  flags: string;
  about: string;
  /** The runner's name for it, if it differs. */
  as?: string;
  /** Returns the value for the runner. @throws InvalidArgumentError with a sentence about what is wrong */
  read?: (value: string) => string;
  /** The command evaluates it itself, and passes the result to the runner. */
  ours?: true;
}

/** The options of Playwright Test that make sense for checks. Others, such as retries, are rejected. */
const RUNNER_OPTIONS: readonly RunnerOption[] = [
  { flags: '-g, --grep <pattern>', about: 'only checks whose title matches', read: titlePattern },
  { flags: '-G, --grep-invert <pattern>', about: 'only checks whose title does not match', read: titlePattern },
  { flags: '--last-failed', about: 'only checks that did not pass in the last run', ours: true },
  { flags: '--only-changed [ref]', about: 'only specs that differ from a git ref' },
  { flags: '--shard <current/all>', about: 'run one part of the checks, e.g. 1/3', read: shard },
  { flags: '--list', about: 'list the checks; needs no cluster' },
  { flags: '--ui', about: "open the runner's interactive mode" },
  { flags: '--debug', about: "run under the runner's inspector" },
  { flags: '--repeat-each <n>', about: 'run each check n times', read: times, ours: true },
  { flags: '--shuffle [seed]', about: 'run in random order; the seed is a whole number', read: seed },
  { flags: '-x', about: 'stop after the first failure' },
  { flags: '--max-failures <n>', about: 'stop after n failures', read: orNone('failures') },
  { flags: '--timeout <ms>', about: 'time limit for each check; 0 means none', read: orNone('milliseconds') },
  { flags: '--global-timeout <ms>', about: 'time limit for all checks; 0 means none', read: orNone('milliseconds') },
  { flags: '--forbid-only', about: 'fail if a spec uses test.only' },
  { flags: '--quiet', about: 'hide the output of the checks' },
  {
    flags: '--reporter <names>',
    about: "reporters in addition to meshproof's own, e.g. list, github, blob",
    as: '--add-reporter',
    read: reporters,
  },
];

/** The runner's built-in reporters. */
const BUILT_IN = ['list', 'line', 'dot', 'failures', 'json', 'junit', 'null', 'github', 'html', 'blob', 'perfetto', 'coverage'];

/** The table as options of a command, under a separate heading in its help. */
export function runnerOptions(): Option[] {
  return RUNNER_OPTIONS.map(({ flags, about, read }) => {
    const option = new Option(flags, about).helpGroup('Options of the test runner:');
    return read === undefined ? option : option.argParser(read);
  });
}

/** The Playwright arguments for the options given to the command. */
export function runnerArguments(given: Readonly<Record<string, unknown>>): string[] {
  return RUNNER_OPTIONS.flatMap(({ flags, about, as, ours }) => {
    const option = new Option(flags, about);
    const value = given[option.attributeName()];
    const name = as ?? option.long ?? option.short ?? '';
    if (ours === true) return [];
    if (value === true) return [name];
    return typeof value === 'string' ? [`${name}=${value}`] : [];
  });
}

function orNone(what: string): (value: string) => string {
  return (value) => {
    if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError(`It must be a whole number of ${what}; 0 means no limit.`);
    return value;
  };
}

function times(value: string): string {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
  return value;
}

/** A file pattern after `--shuffle` would be mistaken for a seed, and every check would run. */
function seed(value: string): string {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('A seed is a whole number; put file filters before --shuffle.');
  return value;
}

function shard(value: string): string {
  const [, current, all] = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(value) ?? [];
  if (current === undefined || Number(current) > Number(all))
    throw new InvalidArgumentError('It must have the form part/total, from 1/n to n/n.');
  return value;
}

/** In the runner's syntax: a regular expression, with or without slashes and flags. */
function titlePattern(value: string): string {
  const [, inner, flags] = /^\/(.*)\/([gi]*)$/.exec(value) ?? [];
  try {
    RegExp(inner ?? value, flags ?? 'gi');
  } catch {
    throw new InvalidArgumentError('It is not a regular expression.');
  }
  return value;
}

/** A missing reporter would end the run after the cluster was created. */
function reporters(value: string): string {
  const { resolve: moduleOf } = createRequire(import.meta.filename);
  const found = value.split(',').map((name) => {
    if (BUILT_IN.includes(name)) return name;
    if (name !== '' && existsSync(resolve(name))) return resolve(name);
    try {
      moduleOf(name);
      return name;
    } catch {
      throw new InvalidArgumentError(`${name === '' ? 'An empty name' : name} is neither ${BUILT_IN.join(', ')} nor a file or a package.`);
    }
  });
  return found.join(',');
}
