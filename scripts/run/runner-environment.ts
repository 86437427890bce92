import { join } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder } from '../../clusters/paths.ts';

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
  /** Ids of the checks that may run: what an option of the runner lets through besides is not declared. */
  chosen: readonly string[];
  /** Whether checks may change the whole mesh of a cluster of somebody else. */
  allowMeshWide: boolean;
}

/** Reporters of the runner that tell of each check on the console, as ours does. */
const TELLING = ['list', 'line', 'dot'];

/** What the runner, the checks and the reporters read of a run's options. */
export function runnerEnvironment(settings: RunSettings, report: string): Record<string, string> {
  const { mesh, control, workers, keep, short, against, reporter = '', chosen, allowMeshWide } = settings;
  const others = reporter.split(',').some((name) => TELLING.includes(name));
  return {
    MESHPROOF_REPORT: report,
    // The runner works in another directory.
    MESHPROOF_CACHE: cacheFolder(),
    MESHPROOF_MESH: mesh,
    MESHPROOF_WORKERS: String(workers),
    MESHPROOF_CONTROL: control ? '1' : '0',
    MESHPROOF_CONSOLE: short ? 'short' : others ? 'others' : 'all',
    MESHPROOF_KEEP: keep,
    MESHPROOF_AGAINST: against ?? '',
    MESHPROOF_CHOSEN: JSON.stringify(chosen),
    MESHPROOF_ALLOW_MESH_WIDE: allowMeshWide ? '1' : '0',
    ...htmlBeside(report),
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
