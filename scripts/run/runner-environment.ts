import { join } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder, stateFolder } from '../../clusters/paths.ts';
import { encode, type ConsoleState, type RunSettings } from '../../fixtures/contract/settings.ts';

/** Reporters of the runner that tell of each check on the console, as ours does. */
const TELLING = ['list', 'line', 'dot'];

/** What the console is to show, by `--short` and the further reporters of the runner, between commas. */
export function consoleFor(short: boolean, reporter = ''): ConsoleState {
  const others = reporter.split(',').some((name) => TELLING.includes(name));
  return short ? 'short' : others ? 'others' : 'all';
}

/** The environment in which the runner, the checks and the reporters find a run's settings. */
export function runnerEnvironment(settings: Partial<RunSettings>): Record<string, string> {
  return {
    ...encode(settings),
    // The runner works in another directory.
    MESHPROOF_CACHE: cacheFolder(),
    MESHPROOF_STATE: stateFolder(),
    ...(settings.report === undefined ? {} : htmlBeside(settings.report)),
  };
}

/** The runner's own HTML report stands beside ours; by itself it would serve itself after a failure, and the run would not end. Only a person at a terminal may want that. */
function htmlBeside(report: string): Record<string, string> {
  const open = process.stdout.isTTY ? variable('PLAYWRIGHT_HTML_OPEN') : undefined;
  return {
    PLAYWRIGHT_HTML_OPEN: open ?? 'never',
    PLAYWRIGHT_HTML_OUTPUT_DIR: variable('PLAYWRIGHT_HTML_OUTPUT_DIR') ?? variable('PLAYWRIGHT_HTML_REPORT') ?? join(report, 'playwright'),
  };
}
