import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { EXIT, MeshproofError, causeOf } from '../clusters/errors.ts';
import type { Conformance } from '../fixtures/results/conformance.ts';
import { ALLURE_RESULTS } from '../fixtures/results/report-folder.ts';
import { command } from './console/command.ts';
import { REPORT, TRACES } from './run/record.ts';

export function reportCommand(): Command {
  return command('report', {
    about: 'Makes the Allure site, conformance.md and junit.xml again; of several report folders, such as those of shards, one.',
    example: 'npx meshproof report shard-1 shard-2 --into=meshproof-report',
  })
    .argument('[folders...]', `report folders; default ${REPORT}`)
    .option('--into <folder>', 'where the report of several folders goes', REPORT)
    .action(async (given: string[], { into }: { into: string }) => {
      const folders = (given.length === 0 ? [REPORT] : given).map((folder) => resolve(folder));
      const report = folders.length === 1 && folders[0] !== undefined ? folders[0] : resolve(into);
      const parts = await Promise.all(folders.map((folder) => read(folder)));
      const { exitCodeOf } = await import('../reporters/exit-code.ts');
      const conformance = parts.length === 1 && parts[0] !== undefined ? parts[0] : await merge(parts, folders, report);
      await write(conformance, report);
      process.stdout.write(`report: ${report}\n`);
      process.exitCode = exitCodeOf(conformance);
    });
}

async function read(folder: string): Promise<Conformance> {
  const { readConformance } = await import('../reporters/conformance-files.ts');
  return readConformance(join(folder, 'conformance.json')).catch((cause: unknown) => {
    throw new MeshproofError('NO_REPORT', `${folder} holds no report: ${causeOf(cause)}`, {
      hint: 'a run leaves one: npm test',
      cause,
      exitCode: EXIT.usage,
    });
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

async function write(conformance: Conformance, report: string): Promise<void> {
  const [{ writeConformance }, { generateAllureSite }] = await Promise.all([
    import('../reporters/conformance-files.ts'),
    import('../reporters/allure-site.ts'),
  ]);
  await writeConformance(report, conformance);
  await generateAllureSite({ report, conformance, mesh: conformance.checks[0]?.mesh ?? 'unknown' });
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
