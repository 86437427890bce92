import { cp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Conformance, EarlierRun } from '../../fixtures/contract/conformance.ts';
import { ALLURE_RESULTS } from '../../fixtures/contract/report-folder.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { command } from '../console/command.ts';
import { claimReport, holdReport, requireReportFolder, TRACES } from '../run/record.ts';
import { readEarlier, readReport } from '../run/report-folder.ts';

interface ReportOptions {
  into?: string;
  against?: string;
  short?: boolean;
}

export function reportCommand(): Command {
  return command('report', {
    about: 'Makes the Allure site, conformance.md and junit.xml again; of several report folders, such as those of shards, one.',
    example: 'npx meshproof report shard-1 shard-2 --into=meshproof-report',
  })
    .argument('[folders...]', `report folders; default ${reportName()}`)
    .option('--into <folder>', `where it goes; default the folder itself, of several ${reportName()}`)
    .option('--against <report>', 'the folder of an earlier run, to say what is new, fixed and regressed')
    .option('--short', 'print the result in a form to paste into a chat')
    .action(async (given: string[], { into, against, short = false }: ReportOptions) => {
      const folders = (given.length === 0 ? [reportName()] : given).map((folder) => resolve(folder));
      const own = folders.length === 1 ? folders[0] : undefined;
      const report = resolve(into ?? own ?? reportName());
      const { exitCodeOf } = await import('../../reporters/exit-code.ts');
      const compared = await holdReport(report, async () => {
        const conformance = report === own ? await readReport(report) : await putTogether(folders, report);
        const earlier = against === undefined ? undefined : await readEarlier(resolve(against));
        const made = earlier === undefined ? conformance : await since(conformance, earlier);
        await write(made, report, earlier === undefined ? undefined : against);
        return made;
      });
      await tell(compared, report, short);
      process.exitCode = exitCodeOf(compared);
    });
}

/** A report that is to be a part of another one. */
interface Part {
  folder: string;
  conformance: Conformance;
}

/** One report of those that are there; what is missing is an error in it. */
async function putTogether(folders: readonly string[], report: string): Promise<Conformance> {
  if (folders.includes(report)) {
    throw new MeshproofError('SAME_FOLDER', `${report} is one of the reports to be put together`, {
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

/** Leaves out a report that is there twice, as after a copy, and says so: its checks were run once. */
function eachOnce(parts: readonly Part[]): Part[] {
  return parts.filter((part, index) => {
    const same = parts.slice(0, index).find(({ conformance: { run, checks } }) => {
      const { run: again, checks: repeated } = part.conformance;
      return run.id === again.id && JSON.stringify(checks) === JSON.stringify(repeated);
    });
    if (same !== undefined) process.stderr.write(`warning: ${part.folder} is the report in ${same.folder} once more, and is left out\n`);
    return same === undefined;
  });
}

async function merge(parts: readonly Part[], report: string): Promise<Conformance> {
  const [{ mergeConformance, repeatedIn }, { tellRunApart }] = await Promise.all([
    import('../../reporters/merge.ts'),
    import('../../reporters/allure-results.ts'),
  ]);
  const again = repeatedIn(parts.map(({ conformance }) => conformance)).size > 0;
  const placed: Conformance[] = [];
  for (const { folder, conformance } of parts) {
    // What two runs left of one check must not lie in one place.
    const apart = again ? conformance.run.id : '';
    await cp(join(folder, ALLURE_RESULTS), join(report, ALLURE_RESULTS), { recursive: true }).catch(unlessMissing);
    if (again)
      await tellRunApart(join(report, ALLURE_RESULTS), await readdir(join(folder, ALLURE_RESULTS)).catch((): string[] => []), apart);
    for (const name of TRACES) await cp(join(folder, name), join(report, name, apart), { recursive: true }).catch(unlessMissing);
    placed.push(again ? movedTo(apart, conformance) : conformance);
  }
  return mergeConformance(placed);
}

/** The report whose evidence lies one folder deeper. */
function movedTo(place: string, conformance: Conformance): Conformance {
  const moved = (file: string) => file.replace(/^evidence[/\\]/, `evidence/${place}/`);
  const checks = conformance.checks.map((check) => ({
    ...check,
    evidence: check.evidence.map((one) => ({ ...one, file: moved(one.file) })),
  }));
  return { ...conformance, checks };
}

async function write(conformance: Conformance, report: string, against?: string): Promise<void> {
  const [{ writeConformance }, { generateAllureSite }] = await Promise.all([
    import('../../reporters/conformance-files.ts'),
    import('../../reporters/allure-site.ts'),
  ]);
  await writeConformance(report, conformance);
  const [first] = conformance.checks;
  // A run that stopped before its first check left nothing to make a site of.
  if (first === undefined) return;
  const earlier = against === undefined ? {} : { earlier: resolve(against) };
  await generateAllureSite({ report, conformance, mesh: first.mesh, ...earlier });
}

async function since(conformance: Conformance, earlier: EarlierRun): Promise<Conformance> {
  const { compare } = await import('../../reporters/transitions.ts');
  return { ...conformance, against: compare(earlier, conformance) };
}

/** On the console, and where this is a step of GitHub Actions in its summary. */
async function tell(conformance: Conformance, report: string, short: boolean): Promise<void> {
  const [{ endLines }, { addToSummary, onGithub }, { conformanceMarkdown }, { printable }] = await Promise.all([
    import('../../reporters/console.ts'),
    import('../../reporters/github.ts'),
    import('../../reporters/markdown.ts'),
    import('../../fixtures/contract/printable.ts'),
  ]);
  if (onGithub()) addToSummary(conformanceMarkdown(conformance));
  for (const error of conformance.run.errors) process.stderr.write(`error: ${printable(error)}\n`);
  process.stdout.write(`${endLines(conformance, report, short ? 'short' : 'all').join('\n')}\n`);
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
