import { join } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder, stateFolder } from '../../clusters/paths.ts';
import { encode, type ConsoleState, type RunSettings } from '../../fixtures/contract/settings.ts';

/** The runner's reporters that print each check on the console, as meshproof's does. */
const TELLING = ['list', 'line', 'dot'];

/** What the console shows, given `--short` and the runner's other reporters, separated by commas. */
export function consoleFor(short: boolean, reporter = ''): ConsoleState {
  const others = reporter.split(',').some((name) => TELLING.includes(name));
  return short ? 'short' : others ? 'others' : 'all';
}

/** The environment in which the runner, the checks and the reporters find a run's settings. */
export function runnerEnvironment(settings: Partial<RunSettings>): Record<string, string> {
  return {
    ...encode(settings),
    // The runner has another working directory.
    MESHPROOF_CACHE: cacheFolder(),
    MESHPROOF_STATE: stateFolder(),
    ...(settings.report === undefined ? {} : htmlBeside(settings.report)),
  };
}

/**
 * The runner's HTML report is next to meshproof's. By default it starts a server after a failure, and the run would not end; only an
 * interactive user may want that.
 */
function htmlBeside(report: string): Record<string, string> {
  const open = process.stdout.isTTY ? variable('PLAYWRIGHT_HTML_OPEN') : undefined;
  return {
    PLAYWRIGHT_HTML_OPEN: open ?? 'never',
    PLAYWRIGHT_HTML_OUTPUT_DIR: variable('PLAYWRIGHT_HTML_OUTPUT_DIR') ?? variable('PLAYWRIGHT_HTML_REPORT') ?? join(report, 'playwright'),
  };
}
