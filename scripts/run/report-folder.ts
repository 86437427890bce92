import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Conformance, EarlierRun } from '../../fixtures/contract/conformance.ts';
import type { Facts } from '../../fixtures/contract/run.ts';
import { isSuccess } from '../../fixtures/contract/verdict.ts';
import { conformanceIn, readConformance, readEarlierRun } from '../../reporters/conformance-files.ts';
import { idOf } from '../../reporters/format.ts';
import { areSame } from '../../reporters/versions.ts';

/**
 * Reads a complete report, to regenerate or merge it.
 * @param report its folder, or its conformance.json
 * @throws MeshproofError `NO_REPORT` with exit code 2, also for one of another schema version
 */
export async function readReport(report: string): Promise<Conformance> {
  return readConformance(conformanceIn(report)).catch((cause: unknown) => {
    throw noReport(`${report} contains no report: ${causeOf(cause)}`, cause);
  });
}

/**
 * Reads the report to compare with. If its run stopped before its first check, prints a warning: there is nothing to compare with.
 * @throws MeshproofError `NO_REPORT` with exit code 2
 */
export async function readEarlier(report: string): Promise<EarlierRun | undefined> {
  const earlier = await readRun(report);
  if (!stoppedEarly(earlier)) return earlier;
  process.stderr.write(`warning: ${report} has nothing to compare with: ${earlier.run.errors.join('; ')}\n`);
  return undefined;
}

/** Where checks of a report ran. */
export interface Ran {
  mesh: string;
  /** The fault; none unless it is given. */
  under?: string | undefined;
  /** Versions by their names in reports; any unless they are given, or if the report does not tell versions apart. */
  versions?: Facts | undefined;
}

/**
 * The IDs of the checks that did not pass there in the last run, according to its report.
 * @throws MeshproofError with exit code 2: `NO_REPORT` if there is none or its run reached no check, `NO_CHECKS` if all passed
 */
export async function lastFailed(report: string, { mesh, under, versions = {} }: Ran): Promise<string[]> {
  const last = await readRun(report);
  if (stoppedEarly(last)) throw noReport(`${report} contains no check: ${last.run.errors.join('; ')}`);
  const onThese = (told: Facts = {}): boolean =>
    Object.entries(versions).every(([name, version]) => told[name] === undefined || areSame(told[name], version));
  const there = last.checks.filter((check) => check.mesh === mesh && check.under === under && onThese(check.versions));
  const failed = there.filter((check) => !isSuccess(check));
  if (failed.length > 0) return [...new Set(failed.map(({ id }) => id))];
  throw new MeshproofError(
    'NO_CHECKS',
    `no check on ${idOf({ id: mesh, under, ...(Object.keys(versions).length === 0 ? {} : { versions }) })} failed in the run reported in ${report}`,
    {
      hint: 'omit --last-failed to run all checks',
      exitCode: EXIT.usage,
    },
  );
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
