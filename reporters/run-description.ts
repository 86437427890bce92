import { readFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';

import { RunDescription, type Timings } from '../fixtures/contract/run.ts';
import { settingsOfRun } from '../fixtures/contract/settings.ts';
import { validated } from './validate.ts';

/**
 * The description of this run: from the file that the command wrote, or else what this process knows.
 * @throws Error if the file is named but cannot be read or is not a run description
 */
export async function describedRun(startedAt: Date): Promise<RunDescription> {
  const { run: file } = settingsOfRun();
  if (file === undefined) return undescribedRun(startedAt);
  return validated(RunDescription, JSON.parse(await readFile(file, 'utf8')), `the run description ${file}`);
}

/** The description of a run without a file, e.g. of a plain `npx playwright test`. */
export function undescribedRun(startedAt: Date): RunDescription {
  return {
    id: `run-${startedAt.getTime().toString(36)}`,
    startedAt: startedAt.toISOString(),
    versions: { node: process.version.slice(1) },
    environment: { host: `${platform()} ${release()} ${arch()}` },
    timings: {},
    mesh: settingsOfRun().mesh,
  };
}

/** The timings, with null for every stage that did not take place. */
export function allTimings(timings: RunDescription['timings']): Timings {
  return { engineMs: null, imagesMs: null, clusterMs: null, meshMs: null, rigsMs: null, ...timings };
}
