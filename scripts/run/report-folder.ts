import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Conformance, EarlierRun } from '../../fixtures/contract/conformance.ts';
import { conformanceIn, readConformance, readEarlierRun } from '../../reporters/conformance-files.ts';

/**
 * Reads a report whole, to make it again or a part of another.
 * @param report its folder, or its conformance.json
 * @throws MeshproofError `NO_REPORT` with exit code 2, also for one of another schema version
 */
export async function readReport(report: string): Promise<Conformance> {
  return readConformance(conformanceIn(report)).catch((cause: unknown) => {
    throw noReport(`${report} contains no report: ${causeOf(cause)}`, cause);
  });
}

/**
 * Reads the report to compare with. One of a run that stopped before its first check is said to be that, and is compared with nothing.
 * @throws MeshproofError `NO_REPORT` with exit code 2
 */
export async function readEarlier(report: string): Promise<EarlierRun | undefined> {
  const earlier = await readRun(report);
  if (!stoppedEarly(earlier)) return earlier;
  process.stderr.write(`warning: ${report} has nothing to compare with: ${earlier.run.errors.join('; ')}\n`);
  return undefined;
}

/**
 * The ids of the checks that did not pass in the last run on this mesh, as its report tells.
 * @throws MeshproofError `NO_REPORT` where there is none or its run came to no check, `NO_CHECKS` where all passed; with exit code 2
 */
export async function lastFailed(report: string, mesh: string): Promise<string[]> {
  const last = await readRun(report);
  if (stoppedEarly(last)) throw noReport(`${report} contains no check: ${last.run.errors.join('; ')}`);
  const failed = last.checks.filter((check) => check.mesh === mesh && check.verdict !== 'PASS' && check.verdict !== 'UNSUPPORTED');
  if (failed.length > 0) return [...new Set(failed.map(({ id }) => id))];
  throw new MeshproofError('NO_CHECKS', `no check on ${mesh} failed in the run reported in ${report}`, {
    hint: 'omit --last-failed to run all checks',
    exitCode: EXIT.usage,
  });
}

/** Any version of meshproof may have written it. */
async function readRun(report: string): Promise<EarlierRun> {
  try {
    return readEarlierRun(report);
  } catch (cause) {
    throw noReport(`${report} contains no report: ${causeOf(cause)}`, cause);
  }
}

function stoppedEarly({ run, checks }: EarlierRun): boolean {
  return checks.length === 0 && run.errors.length > 0;
}

function noReport(message: string, cause?: unknown): MeshproofError {
  return new MeshproofError('NO_REPORT', message, { hint: 'create one with npm test', cause, exitCode: EXIT.usage });
}
