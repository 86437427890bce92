import { cp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { printable } from '../../fixtures/contract/printable.ts';
import { ALLURE_RESULTS } from '../../fixtures/contract/report-folder.ts';
import type { Facts } from '../../fixtures/contract/run.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { addVerdicts, tellRunApart } from '../../reporters/allure-results.ts';
import { generateAllureSite } from '../../reporters/allure-site.ts';
import { sharedBy } from '../../reporters/column.ts';
import { writeConformance } from '../../reporters/conformance-files.ts';
import { endLines } from '../../reporters/console.ts';
import { exitCodeOf } from '../../reporters/exit-code.ts';
import { addToSummary, onGithub } from '../../reporters/github.ts';
import { conformanceMarkdown } from '../../reporters/markdown.ts';
import { checksRepeatedIn, mergeConformance, repeatedIn } from '../../reporters/merge.ts';
import { compare } from '../../reporters/transitions.ts';
import { toldApart } from '../../reporters/versions.ts';
import { claimReport, holdReport, requireReportFolder, TRACES } from '../run/record.ts';
import { readEarlier, readReport } from '../run/report-folder.ts';

/** The options of `meshproof report`. */
export interface ReportOptions {
  into?: string;
  against?: string;
  short?: boolean;
}

/** Regenerates a report, or merges several into one. @returns the exit code that follows from their verdicts */
export async function makeReport(given: string[], { into, against, short = false }: ReportOptions): Promise<number> {
  const folders = (given.length === 0 ? [reportName()] : given).map((folder) => resolve(folder));
  const own = folders.length === 1 ? folders[0] : undefined;
  const report = resolve(into ?? own ?? reportName());
  const compared = await holdReport(report, async () => {
    const conformance = report === own ? await readReport(report) : await putTogether(folders, report);
    const earlier = against === undefined ? undefined : await readEarlier(resolve(against));
    const made = earlier === undefined ? conformance : { ...conformance, against: compare(earlier, conformance) };
    await write(made, report, earlier === undefined ? undefined : against);
    return made;
  });
  await tell(compared, report, short);
  return exitCodeOf(compared);
}

/** A report to be merged. */
interface Part {
  folder: string;
  conformance: Conformance;
}

/** Merges the given reports; a missing one is recorded as an error. */
async function putTogether(folders: readonly string[], report: string): Promise<Conformance> {
  if (folders.includes(report)) {
    throw new MeshproofError('SAME_FOLDER', `${report} is one of the reports to merge`, {
      hint: 'name another folder with --into',
      exitCode: EXIT.usage,
    });
  }
  requireReportFolder(report);
  const read = await Promise.allSettled(folders.map(async (folder) => ({ folder, conformance: await readReport(folder) })));
  const found = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const missing = read.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (found.length === 0) throw missing[0];
  const parts = eachOnce(found);
  await claimReport(report, parts[0]?.conformance.checks[0]?.mesh ?? 'unknown', undefined);
  const merged = await merge(parts, report);
  return { ...merged, run: { ...merged.run, errors: [...merged.run.errors, ...missing.map((error) => causeOf(error))] } };
}

/** Drops duplicates of a report, e.g. a copy, and says so, because its checks were run only once. */
function eachOnce(parts: readonly Part[]): Part[] {
  return parts.filter((part, index) => {
    const same = parts.slice(0, index).find(({ conformance: { run, checks } }) => {
      const { run: again, checks: repeated } = part.conformance;
      return run.id === again.id && JSON.stringify(checks) === JSON.stringify(repeated);
    });
    if (same !== undefined) process.stderr.write(`warning: ${part.folder} is the same report as ${same.folder}; skipping it\n`);
    return same === undefined;
  });
}

async function merge(parts: readonly Part[], report: string): Promise<Conformance> {
  const told = toldApart(parts.map(({ conformance }) => conformance));
  const [again, inColumn] = [checksRepeatedIn(told).size > 0, repeatedIn(told).size > 0];
  const placed: Conformance[] = [];
  for (const [index, conformance] of told.entries()) {
    const { folder } = parts[index] as Part;
    // Traces of one check from two runs must not end up in the same folder.
    const apart = again ? conformance.run.id : '';
    await copyResults(folder, report, { ...sharedBy(conformance), ...(inColumn ? { run: conformance.run.id } : {}) }, conformance);
    for (const name of TRACES) await cp(join(folder, name), join(report, name, apart), { recursive: true }).catch(unlessMissing);
    placed.push(again ? movedTo(apart, conformance) : conformance);
  }
  return mergeConformance(placed);
}

/** Copies the Allure results of a part, with what tells them apart from those of the others. */
async function copyResults(from: string, to: string, ran: Facts, { checks: [first] }: Conformance): Promise<void> {
  const [source, results] = [join(from, ALLURE_RESULTS), join(to, ALLURE_RESULTS)];
  const files = await readdir(source).catch((): string[] => []);
  if (files.length === 0 || first === undefined) return;
  await cp(source, results, { recursive: true });
  // A run that was killed left results without verdicts.
  await addVerdicts(results, first.mesh);
  await tellRunApart(results, files, ran);
}

/** Moves the report's evidence one folder deeper. */
function movedTo(place: string, conformance: Conformance): Conformance {
  const moved = (file: string) => file.replace(/^evidence[/\\]/, `evidence/${place}/`);
  const checks = conformance.checks.map((check) => ({
    ...check,
    evidence: check.evidence.map((one) => ({ ...one, file: moved(one.file) })),
  }));
  return { ...conformance, checks };
}

async function write(conformance: Conformance, report: string, against?: string): Promise<void> {
  await writeConformance(report, conformance);
  const [first] = conformance.checks;
  // A run that stopped before its first check left nothing to generate a site from.
  if (first === undefined) return;
  const earlier = against === undefined ? {} : { earlier: resolve(against) };
  await generateAllureSite({ report, conformance, mesh: first.mesh, ...earlier });
}

/** Prints the result, and adds it to the summary of a GitHub Actions step. */
async function tell(conformance: Conformance, report: string, short: boolean): Promise<void> {
  if (onGithub()) addToSummary(conformanceMarkdown(conformance));
  for (const error of conformance.run.errors) process.stderr.write(`error: ${printable(error)}\n`);
  process.stdout.write(`${endLines(conformance, report, short ? 'short' : 'all').join('\n')}\n`);
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
