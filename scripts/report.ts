import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { EXIT, MeshproofError } from '../clusters/errors.ts';
import type { Conformance } from '../fixtures/results/conformance.ts';
import { ALLURE_RESULTS } from '../fixtures/results/report-folder.ts';
import { command } from './console/command.ts';
import { REPORT, TRACES } from './run/record.ts';
import { readReport } from './run/report-folder.ts';

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
    .argument('[folders...]', `report folders; default ${REPORT}`)
    .option('--into <folder>', `where it goes; default the folder itself, of several ${REPORT}`)
    .option('--against <report>', 'the folder of an earlier run, to say what is new, fixed and regressed')
    .option('--short', 'print the result in a form to paste into a chat')
    .action(async (given: string[], { into, against, short = false }: ReportOptions) => {
      const folders = (given.length === 0 ? [REPORT] : given).map((folder) => resolve(folder));
      const own = folders.length === 1 ? folders[0] : undefined;
      const report = resolve(into ?? own ?? REPORT);
      const parts = await Promise.all(folders.map((folder) => readReport(folder)));
      const { exitCodeOf } = await import('../reporters/exit-code.ts');
      const [part] = parts;
      const conformance = report === own && part !== undefined ? part : await merge(parts, folders, report);
      const compared = against === undefined ? conformance : await since(conformance, resolve(against));
      await write(compared, report, against);
      await tell(compared, report, short);
      process.exitCode = exitCodeOf(compared);
    });
}

async function merge(parts: readonly Conformance[], folders: readonly string[], report: string): Promise<Conformance> {
  if (folders.includes(report)) {
    throw new MeshproofError('SAME_FOLDER', `${report} is one of the reports to be put together`, {
      hint: 'name another folder with --into',
      exitCode: EXIT.usage,
    });
  }
  const [{ mergeConformance }, { removeConformance }] = await Promise.all([
    import('../reporters/merge.ts'),
    import('../reporters/conformance-files.ts'),
  ]);
  removeConformance(report);
  for (const from of folders) {
    for (const name of [ALLURE_RESULTS, ...TRACES])
      await cp(join(from, name), join(report, name), { recursive: true }).catch(unlessMissing);
  }
  return mergeConformance(parts);
}

async function write(conformance: Conformance, report: string, against?: string): Promise<void> {
  const [{ writeConformance }, { generateAllureSite }] = await Promise.all([
    import('../reporters/conformance-files.ts'),
    import('../reporters/allure-site.ts'),
  ]);
  await writeConformance(report, conformance);
  const earlier = against === undefined ? {} : { earlier: resolve(against) };
  await generateAllureSite({ report, conformance, mesh: conformance.checks[0]?.mesh ?? 'unknown', ...earlier });
}

async function since(conformance: Conformance, earlier: string): Promise<Conformance> {
  const { compare } = await import('../reporters/transitions.ts');
  return { ...conformance, against: compare(await readReport(earlier), conformance) };
}

/** On the console, and where this is a step of GitHub Actions in its summary. */
async function tell(conformance: Conformance, report: string, short: boolean): Promise<void> {
  const [{ endLines }, { addToSummary, onGithub }, { conformanceMarkdown }] = await Promise.all([
    import('../reporters/console.ts'),
    import('../reporters/github.ts'),
    import('../reporters/markdown.ts'),
  ]);
  if (onGithub()) addToSummary(conformanceMarkdown(conformance));
  process.stdout.write(`${endLines(conformance, report, short ? 'short' : 'all').join('\n')}\n`);
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
