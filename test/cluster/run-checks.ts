import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { meshproof, SHARED } from './cluster.ts';

/** Runs checks on the shared cluster and returns their results. */
export async function runChecks(
  report: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ exitCode: number | undefined; conformance: Conformance; said: string }> {
  const run = await meshproof(['test', '--cluster', SHARED, ...args], { ...env, MESHPROOF_REPORT: report });
  const text = await readFile(join(report, 'conformance.json'), 'utf8').catch(() => {
    throw new Error(`the run left no report:\n${run.all}`);
  });
  return { exitCode: run.exitCode, conformance: JSON.parse(text) as Conformance, said: run.all };
}
