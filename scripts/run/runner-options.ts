import { Option } from 'commander';

interface RunnerOption {
  flags: string;
  about: string;
  /** What the runner calls it, where that differs. */
  as?: string;
}

/** The options of Playwright Test that mean something for checks. Others, such as retries, are refused. */
const RUNNER_OPTIONS: readonly RunnerOption[] = [
  { flags: '-g, --grep <pattern>', about: 'only checks whose title matches' },
  { flags: '-G, --grep-invert <pattern>', about: 'only checks whose title does not match' },
  { flags: '--last-failed', about: 'only what did not pass in the last run' },
  { flags: '--only-changed [ref]', about: 'only specs that differ from a git ref' },
  { flags: '--shard <current/all>', about: 'one part of the checks, e.g. 1/3' },
  { flags: '--list', about: 'list the checks; needs no cluster' },
  { flags: '--ui', about: "the runner's interactive mode" },
  { flags: '--debug', about: "under the runner's inspector" },
  { flags: '--repeat-each <n>', about: 'run each check n times' },
  { flags: '--shuffle [seed]', about: 'in random order' },
  { flags: '-x', about: 'stop after the first failure' },
  { flags: '--max-failures <n>', about: 'stop after n failures' },
  { flags: '--timeout <ms>', about: 'time limit of one check' },
  { flags: '--global-timeout <ms>', about: 'time limit of all checks' },
  { flags: '--forbid-only', about: 'fail on a test.only' },
  { flags: '--quiet', about: 'without what the checks print' },
  { flags: '--reporter <names>', about: "beside meshproof's own, e.g. list, github, blob", as: '--add-reporter' },
];

/** The table as options of a command, under a heading of their own in its help. */
export function runnerOptions(): Option[] {
  return RUNNER_OPTIONS.map(({ flags, about }) => new Option(flags, about).helpGroup('Options of the test runner:'));
}

/** The arguments for Playwright that stand for what was given to our command. */
export function runnerArguments(given: Readonly<Record<string, unknown>>): string[] {
  return RUNNER_OPTIONS.flatMap(({ flags, about, as }) => {
    const option = new Option(flags, about);
    const value = given[option.attributeName()];
    const name = as ?? option.long ?? option.short ?? '';
    if (value === true) return [name];
    return typeof value === 'string' ? [`${name}=${value}`] : [];
  });
}
