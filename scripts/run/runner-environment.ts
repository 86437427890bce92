import { join } from 'node:path';

/** Which cluster, or what of it, stays after a run. */
export type Keep = 'no' | 'all' | 'failed';

export interface RunSettings {
  mesh: string;
  control: boolean;
  workers: number;
  keep: Keep;
  short: boolean;
  /** Absolute path of the report of an earlier run, or of its conformance.json. */
  against: string | undefined;
  /** Further reporters of the test runner, between commas. */
  reporter: string | undefined;
}

/** Reporters of the runner that tell of each check on the console, as ours does. */
const TELLING = ['list', 'line', 'dot'];

/** What the runner, the checks and the reporters read of a run's options. */
export function runnerEnvironment(settings: RunSettings, report: string): Record<string, string> {
  const { mesh, control, workers, keep, short, against, reporter = '' } = settings;
  const others = reporter.split(',').some((name) => TELLING.includes(name));
  return {
    MESHPROOF_REPORT: report,
    MESHPROOF_MESH: mesh,
    MESHPROOF_WORKERS: String(workers),
    MESHPROOF_CONTROL: control ? '1' : '0',
    MESHPROOF_CONSOLE: short ? 'short' : others ? 'others' : 'all',
    MESHPROOF_KEEP: keep,
    MESHPROOF_AGAINST: against ?? '',
    ...htmlBeside(report),
  };
}

/** The runner's own HTML report stands beside ours; by itself it would serve itself after a failure, and the run would not end. */
function htmlBeside(report: string): Record<string, string> {
  const given = process.env;
  return {
    PLAYWRIGHT_HTML_OPEN: given['PLAYWRIGHT_HTML_OPEN'] ?? 'never',
    PLAYWRIGHT_HTML_OUTPUT_DIR: given['PLAYWRIGHT_HTML_OUTPUT_DIR'] ?? join(report, 'playwright'),
  };
}
